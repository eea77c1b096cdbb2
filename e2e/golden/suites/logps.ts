/** logps.json: log-probs and entropies of given logits, through the op that the loss uses. */
import { z } from 'zod';
import { selectedLogProbs } from '../../../src-main/engine/fixtures/golden-quantities.ts';
import { compare } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';

const file = z.looseObject({
  logits: z.array(golden.matrix), // [B, T, V]
  ids: z.array(golden.ids), // [B, T]
  cases: z.array(z.looseObject({ temperature: z.number(), logps: golden.matrix, entropy: golden.matrix })),
});

export const logps: Suite = {
  name: 'logps',
  cases(content) {
    const { logits, ids, cases } = file.parse(content);
    const places = ids.flatMap((row, i) => row.map((_, t) => `[${i},${t}]`));
    return cases.map(({ temperature, logps, entropy }) => ({
      name: `temperature ${temperature}`,
      run() {
        const got = selectedLogProbs(logits.flat(), ids.flat(), temperature);
        return [
          compare('logps', got.logps, logps.flat(), { absolute: 1e-5 }, places),
          compare('entropy', got.entropies, entropy.flat(), { absolute: 1e-5 }, places),
        ];
      },
    }));
  },
};
