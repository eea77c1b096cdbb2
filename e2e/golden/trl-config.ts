/** TRL's loss configuration, as golden data writes it, in terms of the studio's. */
import { z } from 'zod';
import type { GrpoLossOptions } from '../../src-main/grpo/loss-options.ts';
import type { StepTotals } from '../../src-main/grpo/normalisation.ts';
import type { SamplerCorrection } from '../../src-main/grpo/sampler-correction.ts';

/** Defaults are TRL's; `gmpo` and `sequence_token` come from its experimental trainers. */
export const trlConfig = z.looseObject({
  loss_type: z.enum(['grpo', 'bnpo', 'dr_grpo', 'dapo', 'cispo', 'sapo', 'luspo', 'vespo', 'gmpo']),
  importance_sampling_level: z.enum(['token', 'sequence', 'sequence_token']).default('token'),
  epsilon: z.number(),
  epsilon_high: z.number().nullable().default(null),
  delta: z.number().nullable().default(null),
  beta: z.number(),
  use_bias_correction_kl: z.boolean().default(false),
  top_entropy_quantile: z.number().default(1),
  off_policy_mask_threshold: z.number().nullable().default(null),
  entropy_coef: z.number().default(0),
  max_completion_length: z.number().default(256),
  gradient_accumulation_steps: z.int().default(1),
  steps_per_generation: z.int().default(1),
  sapo_temperature_pos: z.number().default(1),
  sapo_temperature_neg: z.number().default(1.05),
  vespo_k_pos: z.number().default(2),
  vespo_lambda_pos: z.number().default(3),
  vespo_k_neg: z.number().default(3),
  vespo_lambda_neg: z.number().default(2),
});

export type TrlConfig = z.infer<typeof trlConfig>;

export function lossOptions(config: TrlConfig, samplerCorrection: SamplerCorrection | null): GrpoLossOptions {
  return {
    lossType: config.loss_type,
    ratioLevel: config.importance_sampling_level,
    epsilon: config.epsilon,
    epsilonHigh: config.epsilon_high ?? config.epsilon,
    delta: config.delta,
    dualClip: null,
    beta: config.beta,
    klEstimator: 'k3',
    klBiasCorrection: config.use_bias_correction_kl,
    entropyCoefficient: config.entropy_coef,
    offPolicyThreshold: config.off_policy_mask_threshold,
    samplerCorrection,
    maxCompletionLength: config.max_completion_length,
    sapo: { temperaturePositive: config.sapo_temperature_pos, temperatureNegative: config.sapo_temperature_neg },
    vespo: {
      kPositive: config.vespo_k_pos,
      lambdaPositive: config.vespo_lambda_pos,
      kNegative: config.vespo_k_neg,
      lambdaNegative: config.vespo_lambda_neg,
    },
  };
}

/**
 * The optimizer step that a golden micro-batch is one of `gradient_accumulation_steps` equal parts of: TRL divides a micro-batch's
 * loss by their number, the studio divides by the sizes of the whole step.
 *
 * @param generationTokens tokens of the generation batch, which feeds `steps_per_generation` micro-batches (TRL: `num_items_in_batch`)
 */
export function stepTotals(
  config: TrlConfig,
  microBatch: { completions: number; tokens: number },
  generationTokens: number,
): StepTotals {
  const parts = config.gradient_accumulation_steps;
  return {
    completions: microBatch.completions * parts,
    tokens: microBatch.tokens * parts,
    averageTokens: (generationTokens * parts) / config.steps_per_generation,
  };
}
