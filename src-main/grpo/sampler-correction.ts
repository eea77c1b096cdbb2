/** Importance weights that make up for a sampler whose probabilities differ from the trainer's for the same weights. */
import { sum } from './statistics.ts';

export interface SamplerCorrection {
  /** One weight a token or one for the whole completion; out of bounds it is moved to the bound (truncate) or set to 0 (mask). */
  mode: 'token_truncate' | 'token_mask' | 'sequence_truncate' | 'sequence_mask';
  /** Bounds of the weight; null for none. */
  min: number | null;
  max: number | null;
}

/**
 * The weights π_old/π_sampler of one completion (Yao et al., "Your Efficient RL Framework Secretly Brings You Off-Policy RL Training",
 * 2025; semantics of TRL's `vllm_importance_sampling_mode`). They multiply the policy term, never the KL term.
 *
 * @param oldLogps log-probs by the trainer, before the first update [T]
 * @param samplingLogps log-probs as sampled [T]
 * @returns [T] in the token modes, [1] in the sequence modes
 */
export function samplerWeights(
  oldLogps: Float64Array,
  samplingLogps: Float64Array,
  correction: SamplerCorrection,
): Float64Array {
  const differences = oldLogps.map((logp, t) => logp - samplingLogps[t]);
  const perSequence = correction.mode === 'sequence_truncate' || correction.mode === 'sequence_mask';
  const truncates = correction.mode === 'token_truncate' || correction.mode === 'sequence_truncate';
  const min = correction.min ?? -Infinity;
  const max = correction.max ?? Infinity;
  return (perSequence ? Float64Array.of(sum(differences)) : differences).map((difference) => {
    const weight = Math.exp(difference);
    if (truncates) return Math.min(Math.max(weight, min), max);
    return weight < min || weight > max ? 0 : weight;
  });
}
