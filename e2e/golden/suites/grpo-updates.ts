/** grpo_updates.json: several updates on one generation batch, of all weights or of an adapter. */
import { join } from 'node:path';
import { z } from 'zod';
import { policyUpdates } from '../../../src-main/engine/fixtures/golden-quantities.ts';
import { loadPolicy } from '../../../src-main/engine/model/policy.ts';
import { grpoLoss, type GrpoLoss } from '../../../src-main/grpo/loss.ts';
import { lossMetrics } from '../../../src-main/grpo/metrics.ts';
import { spreadOverTokens } from '../../../src-main/grpo/policy-tokens.ts';
import { placesOf, unpad, unpadRows } from '../../fixtures/golden.ts';
import { compare } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';
import { lossOptions, stepTotals, trlConfig } from '../trl-config.ts';

/** The model and the adapter over it that the file's `about` names. */
const MODEL = 'llama-tied';
const ADAPTER = 'llama-tied-lora';

const update = z.looseObject({
  loss: golden.number,
  grad_norm: golden.number,
  kl: golden.number,
  entropy: golden.number,
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
  ref_logps: golden.matrix,
  old_logps: golden.matrix,
  updates: z.array(update),
  final_logps: golden.matrix,
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
          const options = lossOptions(reference.config, null);
          const losses: GrpoLoss[] = [];
          const got = policyUpdates(policy, {
            ...planOf(reference),
            lossOf(tokens) {
              const { offsets, oldLogps, referenceLogps } = tokens;
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
              );
              losses.push(result);
              return result;
            },
          });
          const mask = reference.completion_mask;
          const places = placesOf(mask);
          const compareLogps = (quantity: string, logps: Float32Array, expected: number[][]) =>
            compare(quantity, logps, unpad(expected, mask), { absolute: 5e-4 }, places);
          return [
            compareLogps('ref_logps', got.referenceLogps, reference.ref_logps),
            compareLogps('old_logps', got.oldLogps, reference.old_logps),
            ...reference.updates.flatMap((expected, i) => {
              const of = `of update ${i}`;
              const { gradientNorm, logps } = got.updates[i];
              const metrics = lossMetrics([losses[i]], 1, options);
              const metric = (name: string) => metrics[name] ?? NaN;
              return [
                compareLogps(`logps ${of}`, logps, expected.logps),
                compare(`loss ${of}`, metric('loss'), expected.loss, { absolute: 1e-4 }),
                compare(`grad_norm ${of}`, gradientNorm, expected.grad_norm, { absolute: 1e-4 }),
                compare(`kl ${of}`, metric('kl'), expected.kl, { absolute: 1e-4 }),
                compare(`entropy ${of}`, metric('entropy'), expected.entropy, { absolute: 1e-4 }),
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
