/** Coefficients that follow a measurement: after each optimizer step, from the state and what was measured to the next state. */

export interface KlControl {
  /** The KL wanted, in the unit of what is measured: nats a token for the metric `kl`. */
  target: number;
  /** K_β: by how much of the (clipped) relative error β moves in a step. The paper's is 0.1. */
  gain: number;
}

/** β of the next step, a proportional controller in log space: Ziegler et al. (arXiv 1909.08593) §2.2. */
export function nextBeta(beta: number, kl: number, { target, gain }: KlControl): number {
  const error = Math.min(Math.max((kl - target) / target, -0.2), 0.2);
  return beta * (1 + gain * error);
}

export interface EntropyControl {
  target: number;
  /** Step of the coefficient, and its bounds. */
  delta: number;
  min: number;
  max: number;
}

export interface EntropyState {
  coefficient: number;
  /** Whether the entropy last measured was at or below the target; false before the first measurement. */
  active: boolean;
}

/** What the next step's loss multiplies the entropy by. */
export function appliedEntropyCoefficient({ coefficient, active }: EntropyState): number {
  return active ? coefficient : 0;
}

/** Skywork-OR1 (arXiv 2505.22312): more where the entropy is at or below the target, less above it, and then not applied. */
export function nextEntropyState(
  state: EntropyState,
  entropy: number,
  { target, delta, min, max }: EntropyControl,
): EntropyState {
  const active = entropy <= target;
  const moved = active ? state.coefficient + delta : state.coefficient - delta;
  return { coefficient: Math.min(Math.max(moved, min), max), active };
}
