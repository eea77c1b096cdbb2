/** sampling.json: the distribution that logit filters leave, and which tokens they leave. */
import { z } from 'zod';
import { filterLogits, softmax, type LogitFilters } from '../../../src-main/engine/sampler/logit-filters.ts';
import { compare } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';

const off: LogitFilters = { temperature: 1, top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1 };

const options = z.strictObject({
  temperature: z.number().default(off.temperature),
  top_k: z.int().default(off.top_k),
  top_p: z.number().default(off.top_p),
  min_p: z.number().default(off.min_p),
  repetition_penalty: z.number().default(off.repetition_penalty),
});

const file = z.looseObject({
  logits: golden.matrix,
  previous_ids: z.array(golden.ids),
  cases: z.array(z.looseObject({ options, probs: golden.matrix })),
});

export const sampling: Suite = {
  name: 'sampling',
  cases(content) {
    const { logits, previous_ids, cases } = file.parse(content);
    const places = logits.flatMap((row, i) => row.map((_, v) => `[${i},${v}]`));
    return cases.map(({ options, probs }) => ({
      name: Object.entries(options)
        .filter(([option, value]) => value !== off[option as keyof LogitFilters])
        .map(([option, value]) => `${option} ${value}`)
        .join(' '),
      run() {
        const got = logits.flatMap((row, i) => {
          const filtered = Float32Array.from(row);
          filterLogits(filtered, previous_ids[i], options);
          return [...softmax(filtered)];
        });
        const kept = (values: number[]) => values.map((value) => Number(value !== 0));
        return [
          compare('probs', got, probs.flat(), { absolute: 1e-5 }, places),
          compare('tokens kept (1) and filtered (0)', kept(got), kept(probs.flat()), {}, places),
        ];
      },
    }));
  },
};
