/** When a completion counts as right: decided by the first rule, which is the outcome rule. */

const SUCCESS = 0.5;

/** @param score of the first rule; null, and then so is the result, where it does not apply */
export function succeeded(score: number | null): boolean | null {
  return score === null ? null : score >= SUCCESS;
}
