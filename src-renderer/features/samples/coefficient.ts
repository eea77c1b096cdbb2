/** Says in one line where a token's gradient coefficient comes from. Pure. */
import type { TokenSample } from '../../../src-main/contract/api/samples.ts';
import { formatNumber } from '../../lib/format.ts';

/** Ratios and coefficients that differ by less are the same but for float32 rounding. */
const SAME = 1e-3;

/**
 * On-policy with k3 the coefficient is A + β(π_ref/π − 1) (DeepSeekMath, arXiv 2402.03300, eq. 21 at π = π_old); it is worked out with the
 * token's numbers. Where something else acted (clipping, another loss, another estimator), what of it is known is said.
 */
export function explainCoefficient(sample: TokenSample, t: number): string {
  const { advantage, beta, referenceLogps, policyLogps, klEstimator } = sample;
  const coefficient = sample.coefficients[t];
  if (sample.leftOut) return 'The completion was cut off and took no part in the loss, so nothing pushed this token.';
  const onPolicy = Math.abs(sample.ratios[t] - 1) < SAME;
  if (!onPolicy) {
    const ratio = `the ratio here is ${formatNumber(sample.ratios[t])}, not 1`;
    return coefficient === 0 || Math.abs(coefficient) < Math.abs(advantage) * SAME
      ? `Nothing pushed this token in the last update: ${ratio}, and clipping stopped it.`
      : `In the last update ${ratio}; the advantage ${formatNumber(advantage)} is weighted by it, as the loss bounds it.`;
  }
  if (beta === 0 || referenceLogps === null) {
    return Math.abs(coefficient - advantage) < SAME
      ? `Coefficient = A = ${formatNumber(coefficient)}: the policy had not moved yet (ratio 1), and there is no KL term.`
      : `The advantage is ${formatNumber(advantage)}; the loss of this run weighted this token differently.`;
  }
  if (klEstimator !== 'k3') {
    return `Coefficient = A + the pull of the KL term (${klEstimator}) = ${formatNumber(advantage)} + ${formatNumber(coefficient - advantage)} = ${formatNumber(coefficient)}.`;
  }
  const [policy, reference] = [Math.exp(policyLogps[t]), Math.exp(referenceLogps[t])];
  const expected = advantage + beta * (reference / policy - 1);
  const sum = `A + β(π_ref/π − 1) = ${formatNumber(advantage)} + ${beta} × (${formatNumber(reference)}/${formatNumber(policy)} − 1) = ${formatNumber(expected)}`;
  return Math.abs(expected - coefficient) < SAME * Math.max(1, Math.abs(expected))
    ? `Coefficient = ${sum}.`
    : `The plain loss would give ${sum}; this run's loss made it ${formatNumber(coefficient)}.`;
}
