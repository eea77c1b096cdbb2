/** VESPO's weight of a completion, by how far it is from the policy that sampled it. */
import { sum } from './statistics.ts';

export interface VespoOptions {
  /** Shape k and rate λ for advantages ≥ 0, and for those below. */
  kPositive: number;
  lambdaPositive: number;
  kNegative: number;
  lambdaNegative: number;
}

/** log W stays within these; the same numbers as in the paper's code. */
const LOWEST = Math.log(1e-8);
const HIGHEST = 20;

/**
 * log W of a completion: Σ_t log π/π_old (a sum, not the mean of GSPO), plus the sampler's own deviation Σ log π_old/π_sampler.
 *
 * @param tokenLogRatios log π/π_old [T]
 * @param samplerWeights the correction's weights, one a token or one for the completion; empty without a correction
 */
export function sequenceLogWeight(tokenLogRatios: Float64Array, samplerWeights: Float64Array): number {
  const drift = sum(tokenLogRatios.map((logRatio) => clamp(logRatio, -HIGHEST, HIGHEST)));
  return clamp(drift + sum(samplerWeights.map((weight) => clamp(Math.log(weight), LOWEST, HIGHEST))), LOWEST, HIGHEST);
}

/**
 * The Gamma weight φ(W) = W^k · e^(λ (1 − W)) of VESPO (arXiv 2602.10693): 1 at W = 1, and falling to 0 for W → 0 and W → ∞. The
 * objective of a token is sg[φ] Â log π.
 */
export function gammaWeight(logWeight: number, advantage: number, options: VespoOptions): number {
  const k = advantage >= 0 ? options.kPositive : options.kNegative;
  const lambda = Math.max(advantage >= 0 ? options.lambdaPositive : options.lambdaNegative, 1e-4);
  return Math.exp(lambda + k * logWeight - lambda * Math.exp(logWeight));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
