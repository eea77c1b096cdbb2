/** PPO's clipped surrogate with the ways the field has found to bound it further. */

/** Where a token's ratio left the range in the direction its advantage pushes; null where it did not. */
export type ClipSide = 'low' | 'high' | null;

export interface ClipOptions {
  /** ε: the ratio's lower bound is 1 − ε. */
  epsilon: number;
  /** ε_high: the ratio's upper bound is 1 + ε_high. Larger than ε it is DAPO's clip-higher (arXiv 2503.14476 eq. 10). */
  epsilonHigh: number;
  /** δ of two-sided clipping: the unclipped branch's ratio is capped at δ (INTELLECT-2, arXiv 2505.07291). */
  delta: number | null;
  /** c > 1 of dual-clip PPO (arXiv 1912.09729): where Â < 0 the objective is not below c·Â. Equal to δ = c when c ≥ 1 + ε_high. */
  dualClip: number | null;
}

export interface ClippedSurrogate {
  value: number;
  /** d value / d log ratio. */
  slope: number;
  clipped: ClipSide;
}

/**
 * A token's clipped objective, PPO (arXiv 1707.06347) eq. 7: min(w Â, clip(w, 1−ε, 1+ε_high) Â).
 * A clipped token is constant in π, else d(wÂ)/d log w = wÂ.
 */
export function clippedSurrogate(ratio: number, advantage: number, options: ClipOptions): ClippedSurrogate {
  const { epsilon, epsilonHigh, delta, dualClip } = options;
  const capped = delta === null ? ratio : Math.min(ratio, delta);
  const bounded = Math.min(Math.max(ratio, 1 - epsilon), 1 + epsilonHigh);
  const chosen = capped * advantage <= bounded * advantage ? capped : bounded;
  const floored = dualClip !== null && advantage < 0 && chosen > dualClip;
  const low = capped < 1 - epsilon && advantage < 0;
  const high = capped > 1 + epsilonHigh && advantage > 0;
  return {
    value: (floored ? dualClip : chosen) * advantage,
    slope: chosen === ratio && !floored ? ratio * advantage : 0,
    clipped: low ? 'low' : high ? 'high' : null,
  };
}
