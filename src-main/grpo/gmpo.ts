/** GMPO: the geometric mean of a completion's token ratios, clipped token by token before the mean is taken. */
import type { ClipSide } from './clip.ts';
import type { LogRatios } from './ratio.ts';
import { sum } from './statistics.ts';

/**
 * GMPO (arXiv 2507.20673) algorithm 1. The objective of a completion is Â · (Π_t w_t)^(1/|o|); the sign-aware minimum of
 * PPO, taken in log space, leaves log w_t ≤ ε_high where Â > 0 and log w_t ≥ −ε where Â < 0. Both are logarithms here: the paper's
 * 0.4 allows ratios from e^−0.4 to e^0.4.
 *
 * @param tokenLogRatios log π/π_old [T]
 * @param advantages [T]
 * @param kept tokens that enter the mean [T]; the others are left out of it (TRL, with `top_entropy_quantile`)
 * @returns log of the geometric mean, the same for every token, and how each token was clipped [T]
 */
export function geometricLogRatios(
  tokenLogRatios: Float64Array,
  advantages: Float64Array,
  kept: readonly boolean[],
  { epsilon, epsilonHigh }: { epsilon: number; epsilonHigh: number },
): LogRatios & { clipped: ClipSide[] } {
  const clipped = Array.from(tokenLogRatios, (logRatio, t): ClipSide => {
    if (advantages[t] > 0 && logRatio > epsilonHigh) return 'high';
    return advantages[t] < 0 && logRatio < -epsilon ? 'low' : null;
  });
  const bounded = tokenLogRatios.map((logRatio, t) =>
    clipped[t] === 'high' ? epsilonHigh : clipped[t] === 'low' ? -epsilon : logRatio,
  );
  const count = Math.max(1, kept.filter(Boolean).length);
  const logMean = sum(bounded.map((value, t) => (kept[t] ? value : 0))) / count;
  return {
    values: bounded.map(() => logMean),
    clipped,
    pullBack: (gradient) => {
      const total = sum(gradient);
      return gradient.map((_, t) => (kept[t] && clipped[t] === null ? total / count : 0));
    },
  };
}
