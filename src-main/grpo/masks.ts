/** Which tokens take part in the policy term. */
import { mean, quantile } from './statistics.ts';

export interface HighEntropyTokens {
  /** Entropy in nats from which a token takes part, a float32 number. */
  threshold: number;
  /** How many of the step's tokens do. */
  tokens: number;
}

/**
 * The tokens where the policy decides: the top share by entropy (Wang et al., "Beyond the 80/20 Rule", arXiv 2506.01939).
 *
 * @param entropies of all tokens that are compared with each other; TRL compares those of one micro-batch
 * @param share TRL's `top_entropy_quantile` ρ: 0.2 keeps the highest fifth, 1 keeps all
 */
export function highEntropyTokens(entropies: ArrayLike<number>, share: number): HighEntropyTokens {
  const threshold = quantile(entropies, 1 - share);
  return { threshold, tokens: Array.from(entropies).filter((entropy) => isHighEntropy(entropy, threshold)).length };
}

export function isHighEntropy(entropy: number, threshold: number): boolean {
  return Math.fround(entropy) >= threshold;
}

/**
 * How far the policy has moved from the one that sampled a completion: the mean of log π_sampler − log π over its tokens, which
 * DeepSeek-V3.2 (arXiv 2512.02556) eq. 9 compares with a threshold: a completion above it takes part only where its advantage is not
 * negative.
 */
export function policyDrift(logps: Float64Array, samplingLogps: Float64Array): number {
  return logps.length === 0 ? 0 : mean(logps.map((logp, t) => samplingLogps[t] - logp));
}
