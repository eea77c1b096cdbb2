/** grpo_loss.json: TRL's loss on given log-probs, its gradient with respect to them, and its metrics. */
import { z } from 'zod';
import { grpoLoss as lossOf } from '../../../src-main/grpo/loss.ts';
import { highEntropyTokens } from '../../../src-main/grpo/masks.ts';
import { lossMetrics } from '../../../src-main/grpo/metrics.ts';
import { spreadOverTokens, type PolicyTokens } from '../../../src-main/grpo/policy-tokens.ts';
import type { SamplerCorrection } from '../../../src-main/grpo/sampler-correction.ts';
import { offsetsOf, placesOf, unpad } from '../../fixtures/golden.ts';
import { compare } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';
import { lossOptions, stepTotals, trlConfig } from '../trl-config.ts';

const inputs = z.looseObject({
  logps: golden.matrix,
  old_logps: golden.matrix.nullable(),
  ref_logps: golden.matrix.nullable(),
  advantages: golden.numbers,
  mask: golden.mask,
  entropies: golden.matrix,
  importance_ratio: golden.matrix.nullable(),
  num_items_in_batch: z.number(),
});

const file = z.looseObject({
  cases: z.array(
    z.looseObject({
      name: z.string(),
      config: trlConfig,
      inputs,
      expected: z.looseObject({
        loss: golden.number,
        grad_logps: golden.matrix,
        metrics: z.record(z.string(), golden.number),
      }),
    }),
  ),
});

export const grpoLoss: Suite = {
  name: 'grpo_loss',
  cases: (content) =>
    file.parse(content).cases.map(({ name, config, inputs, expected }) => ({
      name,
      run() {
        const { mask } = inputs;
        const tokens = policyTokens(inputs);
        const micro = { completions: mask.length, tokens: tokens.logps.length };
        const { top_entropy_quantile } = config;
        const highEntropy = top_entropy_quantile < 1 ? highEntropyTokens(tokens.entropies, top_entropy_quantile) : null;
        const options = lossOptions(config, inputs.importance_ratio === null ? null : givenRatios);
        const got = lossOf(tokens, stepTotals(config, micro, inputs.num_items_in_batch), options, highEntropy);
        const metrics = lossMetrics([got], 1, options);
        const names = Object.keys(expected.metrics);
        return [
          compare('loss', got.loss, expected.loss, { absolute: 1e-5 }),
          compare('grad_logps', got.gradient, unpad(expected.grad_logps, mask), { absolute: 1e-5 }, placesOf(mask)),
          compare(
            'metrics',
            names.map((name) => metrics[name] ?? NaN),
            Object.values(expected.metrics),
            { absolute: 1e-4 },
            names,
          ),
        ];
      },
    })),
};

/** The golden ratios are the weights themselves: no bound applies to them any more. */
const givenRatios: SamplerCorrection = { mode: 'token_truncate', min: null, max: null };

/** Without old log-probs the pass is on-policy. The sampler's log-probs are made such that they give the ratios of the file. */
function policyTokens(inputs: z.infer<typeof file>['cases'][number]['inputs']): PolicyTokens {
  const { mask, importance_ratio, ref_logps } = inputs;
  const oldLogps = unpad(inputs.old_logps ?? inputs.logps, mask);
  const ratios = importance_ratio === null ? null : unpad(importance_ratio, mask);
  return {
    offsets: offsetsOf(mask),
    logps: unpad(inputs.logps, mask),
    oldLogps,
    samplingLogps: ratios === null ? oldLogps : oldLogps.map((logp, t) => logp - Math.log(ratios[t])),
    referenceLogps: ref_logps === null ? null : unpad(ref_logps, mask),
    entropies: unpad(inputs.entropies, mask),
    advantages: spreadOverTokens(inputs.advantages, offsetsOf(mask)),
  };
}
