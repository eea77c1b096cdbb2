/** SAPO's soft gate in place of the clip. */

export interface SapoOptions {
  /** τ of tokens with a positive advantage, and of the others. */
  temperaturePositive: number;
  temperatureNegative: number;
}

/**
 * Soft Adaptive Policy Optimization (arXiv 2511.20347): the objective of a token is f(w) Â with f(w) = σ(τ (w − 1)) · 4/τ.
 * Its slope is f′(w) = 4 σ(1 − σ): 1 at w = 1, falling smoothly to both sides, the faster the larger τ.
 *
 * @returns the value and d value / d log ratio
 */
export function softSurrogate(
  ratio: number,
  advantage: number,
  options: SapoOptions,
): { value: number; slope: number } {
  const temperature = advantage > 0 ? options.temperaturePositive : options.temperatureNegative;
  const gate = 1 / (1 + Math.exp(-temperature * (ratio - 1)));
  return { value: (gate * 4 * advantage) / temperature, slope: 4 * gate * (1 - gate) * ratio * advantage };
}
