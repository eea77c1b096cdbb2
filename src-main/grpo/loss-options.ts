/** All that a GRPO loss can be told, with the setting of the paper. */
import type { ClipOptions } from './clip.ts';
import type { KlEstimator } from './kl.ts';
import type { LossType } from './normalisation.ts';
import type { RatioLevel } from './ratio.ts';
import type { SamplerCorrection } from './sampler-correction.ts';
import type { SapoOptions } from './sapo.ts';
import type { VespoOptions } from './vespo.ts';

export interface GrpoLossOptions extends ClipOptions {
  lossType: LossType;
  /** Not read by the policy term of `gmpo` and `vespo`, which have ratios of their own. */
  ratioLevel: RatioLevel;
  /** Weight β of the KL penalty in the loss. */
  beta: number;
  klEstimator: KlEstimator;
  /** Multiplies the KL estimate by the ratio, which makes its gradient unbiased off-policy (DeepSeek-V3.2, arXiv 2512.02556). */
  klBiasCorrection: boolean;
  /** Weight of the entropy bonus. */
  entropyCoefficient: number;
  /** Largest `policyDrift` at which a token with a negative advantage takes part; null for no bound. */
  offPolicyThreshold: number | null;
  samplerCorrection: SamplerCorrection | null;
  /** The length limit of sampling; `dr_grpo` divides by it. */
  maxCompletionLength: number;
  sapo: SapoOptions;
  vespo: VespoOptions;
}

/** DeepSeekMath §4.2; for what only `sapo` and `vespo` read, the numbers of their own papers. */
export const paperLossOptions: Omit<GrpoLossOptions, 'maxCompletionLength'> = {
  lossType: 'grpo',
  ratioLevel: 'token',
  epsilon: 0.2,
  epsilonHigh: 0.2,
  delta: null,
  dualClip: null,
  beta: 0.04,
  klEstimator: 'k3',
  klBiasCorrection: false,
  entropyCoefficient: 0,
  offPolicyThreshold: null,
  samplerCorrection: null,
  sapo: { temperaturePositive: 1, temperatureNegative: 1.05 },
  vespo: { kPositive: 2, lambdaPositive: 3, kNegative: 3, lambdaNegative: 2 },
};
