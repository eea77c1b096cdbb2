/** CISPO: the importance weight is capped, not the update. */

/**
 * MiniMax-M1 (arXiv 2506.13585) eq. 4–5: the objective of a token is sg[min(w, cap)] Â log π, so no token loses its gradient.
 *
 * @param cap the largest weight; TRL's `epsilon_high`, here the bound itself and not its distance from 1
 * @returns the factor of log π, and whether the cap holds back a token whose advantage is positive
 */
export function cappedWeight(ratio: number, advantage: number, cap: number): { factor: number; capped: boolean } {
  return { factor: Math.min(ratio, cap) * advantage, capped: ratio > cap && advantage > 0 };
}
