/** grpo_updates.json: several updates on one generation batch, of all weights or of an adapter. */
import { join } from 'node:path';
import { z } from 'zod';
import { policyUpdates } from '../../../src-main/engine/fixtures/golden-quantities.ts';
import { loadPolicy } from '../../../src-main/engine/model/policy.ts';
import { grpoLoss, type GrpoLoss } from '../../../src-main/grpo/loss.ts';
import { highEntropyTokens } from '../../../src-main/grpo/masks.ts';
import { lossMetrics } from '../../../src-main/grpo/metrics.ts';
import { spreadOverTokens } from '../../../src-main/grpo/policy-tokens.ts';
import { placesOf, unpad, unpadRows } from '../../fixtures/golden.ts';
import { compare } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';
import { lossOptions, stepTotals, trlConfig } from '../trl-config.ts';

/** The model and the adapter over it that the file's `about` names. */
const MODEL = 'llama-tied';
const ADAPTER = 'llama-tied-lora';

/** What a file leaves out is not compared: TRL has neither `kl` nor a reference where beta is 0. */
const update = z.looseObject({
  loss: golden.number,
  grad_norm: golden.number,
  kl: golden.number.optional(),
  entropy: golden.number.optional(),
  logps: golden.matrix,
});

const updatesCase = z.looseObject({
  lora: z.boolean(),
  prompt_ids: z.array(golden.ids),
  prompt_mask: golden.mask,
  completion_ids: z.array(golden.ids),
  completion_mask: golden.mask,
  advantages: golden.numbers,
  config: trlConfig.extend({
    temperature: z.number(),
    lr: z.number(),
    weight_decay: z.number(),
    max_grad_norm: z.number(),
  }),
  ref_logps: golden.matrix.nullish(),
  old_logps: golden.matrix,
  updates: z.array(update),
  final_logps: golden.matrix.nullish(),
});

type UpdatesCase = z.infer<typeof updatesCase>;

const file = z.looseObject({ cases: z.array(updatesCase) });

export const grpoUpdates: Suite = {
  name: 'grpo_updates',
  cases: (content, folder) =>
    file.parse(content).cases.map((reference) => ({
      name: `${reference.updates.length} updates, ${reference.lora ? 'LoRA' : 'full'}`,
      async run() {
        const model = reference.lora ? ADAPTER : MODEL;
        const policy = await loadPolicy(join(folder, 'models', model), { trainable: true });
        try {
          const { top_entropy_quantile } = reference.config;
          const options = lossOptions(reference.config, null);
          const losses: GrpoLoss[] = [];
          const got = policyUpdates(policy, {
            ...planOf(reference),
            lossOf(tokens) {
              const { offsets, oldLogps, referenceLogps, entropies } = tokens;
              const high = top_entropy_quantile < 1 ? highEntropyTokens(entropies, top_entropy_quantile) : null;
              const sizes = { completions: offsets.length - 1, tokens: oldLogps.length };
              const result = grpoLoss(
                {
                  ...tokens,
                  samplingLogps: oldLogps,
                  referenceLogps,
                  advantages: spreadOverTokens(reference.advantages, offsets),
                },
                stepTotals(reference.config, sizes, sizes.tokens),
                options,
                high,
              );
              losses.push(result);
              return result;
            },
          });
          const mask = reference.completion_mask;
          const places = placesOf(mask);
          const compareLogps = (quantity: string, logps: Float32Array, expected: number[][] | null | undefined) =>
            expected ? compare(quantity, logps, unpad(expected, mask), { absolute: 5e-4 }, places) : null;
          return [
            compareLogps('ref_logps', got.referenceLogps, reference.ref_logps),
            compareLogps('old_logps', got.oldLogps, reference.old_logps),
            ...reference.updates.flatMap((expected, i) => {
              const of = `of update ${i}`;
              const { gradientNorm, logps } = got.updates[i];
              const metrics = lossMetrics([losses[i]], 1, options);
              const compareMetric = (name: 'loss' | 'kl' | 'entropy') => {
                const value = expected[name];
                return value === undefined
                  ? null
                  : compare(`${name} ${of}`, metrics[name] ?? NaN, value, { absolute: 1e-4 });
              };
              return [
                compareLogps(`logps ${of}`, logps, expected.logps),
                compareMetric('loss'),
                compare(`grad_norm ${of}`, gradientNorm, expected.grad_norm, { absolute: 1e-4 }),
                compareMetric('kl'),
                compareMetric('entropy'),
              ];
            }),
            compareLogps('final_logps', got.finalLogps, reference.final_logps),
          ];
        } finally {
          policy.dispose();
        }
      },
    })),
};

function planOf({ config, prompt_ids, prompt_mask, completion_ids, completion_mask, updates }: UpdatesCase) {
  const completions = unpadRows(completion_ids, completion_mask);
  return {
    samples: unpadRows(prompt_ids, prompt_mask).map((promptTokens, i) => ({
      promptTokens,
      completion: completions[i],
    })),
    temperature: config.temperature,
    entropyBonus: config.entropy_coef !== 0,
    learningRate: config.lr,
    settings: {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: config.weight_decay,
      maxGradNorm: config.max_grad_norm,
    },
    updates: updates.length,
  };
}
