/** The KL divergence from the reference policy: estimators on sampled tokens, and the penalty as part of the reward. */
import { sum } from './statistics.ts';

/** Schulman, "Approximating KL divergence" (2020). */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/**
 * An estimate of KL(π ‖ π_ref) from one sampled token, with d = log π − log π_ref:
 *
 * - k1 = d. Unbiased, may be negative; its slope is 1 whatever the policies are, so as part of the loss it pulls nowhere on average.
 * - k2 = d²/2. Its on-policy gradient d·∇log π is that of the reverse KL.
 * - k3 = e^−d + d − 1, DeepSeekMath (arXiv 2402.03300) eq. 4. Unbiased, never negative, zero exactly where the two agree.
 *
 * @returns the value in nats and d value / d log π
 */
export function klEstimate(
  estimator: KlEstimator,
  logp: number,
  referenceLogp: number,
): { value: number; slope: number } {
  const difference = logp - referenceLogp;
  switch (estimator) {
    case 'k1':
      return { value: difference, slope: 1 };
    case 'k2':
      return { value: 0.5 * difference ** 2, slope: difference };
    case 'k3':
      return { value: Math.expm1(-difference) + difference, slope: -Math.expm1(-difference) };
  }
}

/** A completion's KL estimate: the sum over its tokens, in nats. */
export function completionKl(
  estimator: KlEstimator,
  logps: ArrayLike<number>,
  referenceLogps: ArrayLike<number>,
): number {
  return sum(Array.from(logps, (logp, t) => klEstimate(estimator, logp, referenceLogps[t]).value));
}

/**
 * The penalty in the reward instead of the loss, before the advantages are taken: r − β·KL (Stiennon et al., arXiv 2009.01325; as TRL's
 * RLOO, with k1 under the policy that sampled).
 *
 * @param rewards one a completion [R]; null stays null
 * @param kl `completionKl` of each [R]
 */
export function klShapedRewards(
  rewards: readonly (number | null)[],
  kl: ArrayLike<number>,
  beta: number,
): (number | null)[] {
  return rewards.map((reward, i) => (reward === null ? null : reward - beta * kl[i]));
}
