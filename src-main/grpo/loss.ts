/**
 * The GRPO objective on per-token log-probs, with its gradient written out, in float64.
 *
 * DeepSeekMath (arXiv 2402.03300) eq. 3, negated to be minimised:
 *
 *   L = −1/R Σ_i 1/|o_i| Σ_t [ min(ρ_it Â_i, clip(ρ_it, 1−ε, 1+ε) Â_i) − β k3_it ],   ρ = π/π_old
 *
 * With one update per batch ρ = 1: the policy term's value is −Σ Â over the groups, which is zero, so the value of L is β·KL, while
 * its gradient is −(Â + β(π_ref/π − 1)) ∇log π, which is not. `policyLoss` and `klLoss` are the two parts of the value.
 */
import { k3, k3Gradient } from './kl.ts';

export interface GrpoLossOptions {
  /** Clip range ε of the ratio. */
  epsilon: number;
  /** Weight β of the KL penalty. */
  beta: number;
  /** Completions R the loss is averaged over; of the whole step, when the step is split into micro-batches. */
  completions: number;
}

/** The tokens of some completions, one after the other. */
export interface PolicyTokens {
  /** First token of each completion, and the total at the end [R' + 1]. */
  offsets: ArrayLike<number>;
  /** log π(token) under the policy being trained [M]. */
  logps: ArrayLike<number>;
  /** log π_old(token) [M]. */
  oldLogps: ArrayLike<number>;
  /** log π_ref(token) [M]; null when β = 0. */
  referenceLogps: ArrayLike<number> | null;
  /** Advantage of each completion [R']. */
  advantages: ArrayLike<number>;
}

export interface GrpoLoss {
  loss: number;
  policyLoss: number;
  klLoss: number;
  /** d loss / d logps [M]. */
  gradient: Float64Array;
  /** Sums over tokens, so that the micro-batches of a step add up. */
  sums: { tokens: number; kl: number; clippedLow: number; clippedHigh: number; ratio: number; ratioMin: number; ratioMax: number };
}

/**
 * @returns the loss, its gradient with respect to the log-probs, and the sums the step's metrics are made of. A completion without
 *   tokens contributes nothing.
 */
export function grpoLoss(tokens: PolicyTokens, options: GrpoLossOptions): GrpoLoss {
  const { offsets, logps, oldLogps, referenceLogps, advantages } = tokens;
  const { epsilon, beta } = options;
  const gradient = new Float64Array(logps.length);
  const sums = { tokens: logps.length, kl: 0, clippedLow: 0, clippedHigh: 0, ratio: 0, ratioMin: Infinity, ratioMax: -Infinity };
  let policyLoss = 0;
  let klLoss = 0;

  for (let i = 0; i + 1 < offsets.length; i++) {
    const advantage = advantages[i];
    const weight = 1 / ((offsets[i + 1] - offsets[i]) * options.completions);
    for (let t = offsets[i]; t < offsets[i + 1]; t++) {
      const ratio = Math.exp(logps[t] - oldLogps[t]);
      const low = ratio < 1 - epsilon && advantage < 0;
      const high = ratio > 1 + epsilon && advantage > 0;
      const clipped = low ? 1 - epsilon : high ? 1 + epsilon : ratio;
      policyLoss -= weight * clipped * advantage;
      // The clipped branch is constant in π; the other one has d(ρÂ)/dlog π = ρÂ.
      if (!low && !high) gradient[t] -= weight * ratio * advantage;
      if (referenceLogps !== null) {
        const kl = k3(logps[t], referenceLogps[t]);
        klLoss += weight * beta * kl;
        gradient[t] += weight * beta * k3Gradient(logps[t], referenceLogps[t]);
        sums.kl += kl;
      }
      sums.clippedLow += Number(low);
      sums.clippedHigh += Number(high);
      sums.ratio += ratio;
      sums.ratioMin = Math.min(sums.ratioMin, ratio);
      sums.ratioMax = Math.max(sums.ratioMax, ratio);
    }
  }
  return { loss: policyLoss + klLoss, policyLoss, klLoss, gradient, sums };
}
