/** What a GRPO config says, in the terms of the algorithm (`grpo/`). */
import type { GrpoConfig } from '../../contract/config.ts';
import type { AdvantageOptions } from '../../grpo/advantages.ts';
import { appliedEntropyCoefficient, nextBeta, nextEntropyState, type EntropyState } from '../../grpo/controllers.ts';
import type { GrpoLossOptions } from '../../grpo/loss-options.ts';

/** K_β of Ziegler et al. (arXiv 1909.08593) §2.2. */
const KL_GAIN = 0.1;

/** Coefficients that a run may move; they are part of its state. */
export interface Coefficients {
  beta: number;
  entropy: EntropyState;
}

export function initialCoefficients(config: GrpoConfig): Coefficients {
  return { beta: config.beta, entropy: { coefficient: config.entropy_coef, active: !config.use_adaptive_entropy } };
}

/**
 * The entropy that is steered is that of the tokens the bonus acts on, as in TRL.
 *
 * @param metrics of the step that was taken with `coefficients`
 */
export function nextCoefficients(
  { beta, entropy }: Coefficients,
  config: GrpoConfig,
  metrics: { kl?: number; entropy?: number; 'entropy/bonus'?: number },
): Coefficients {
  const klTarget = config.kl_target;
  const control = {
    target: config.entropy_target,
    delta: config.entropy_coef_delta,
    min: config.entropy_coef_min,
    max: config.entropy_coef_max,
  };
  return {
    beta: klTarget === undefined ? beta : nextBeta(beta, metrics.kl ?? klTarget, { target: klTarget, gain: KL_GAIN }),
    entropy: config.use_adaptive_entropy
      ? nextEntropyState(entropy, metrics['entropy/bonus'] ?? metrics.entropy ?? control.target, control)
      : entropy,
  };
}

export function lossOptions(config: GrpoConfig, { beta, entropy }: Coefficients): GrpoLossOptions {
  return {
    lossType: config.loss_type,
    ratioLevel: config.importance_sampling_level,
    epsilon: config.epsilon,
    epsilonHigh: config.epsilon_high ?? config.epsilon,
    delta: config.delta ?? null,
    dualClip: config.dual_clip ?? null,
    beta: config.kl_in_reward ? 0 : beta,
    klEstimator: config.kl_estimator,
    klBiasCorrection: config.use_bias_correction_kl,
    entropyCoefficient: appliedEntropyCoefficient(entropy),
    offPolicyThreshold: config.off_policy_mask_threshold ?? null,
    samplerCorrection:
      config.sampler_correction === 'none'
        ? null
        : { mode: config.sampler_correction, min: null, max: config.sampler_correction_max },
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

export function advantageOptions(config: GrpoConfig): AdvantageOptions {
  return { baseline: config.advantage_baseline, scale: config.scale_rewards };
}
