/** A completion token by token: texts, and the values that are derived from the recorded log-probs. */
import type { RunConfig } from '../../contract/config.ts';
import type { TokenSample } from '../../contract/api/samples.ts';
import type { StoredTokens } from '../../store/sample-interfaces.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';

/** @param beta weight of the KL term in the loss of the completion's step */
export function tokenSample(
  stored: StoredTokens,
  run: RunConfig,
  beta: number,
  { tokenizer, missing }: { tokenizer: Tokenizer | null; missing: string | null },
): TokenSample {
  const { policyLogps, oldLogps, referenceLogps } = stored;
  const ids = Array.from(stored.tokens);
  const config = run.type === 'grpo' ? run.config : null;
  return {
    completion: stored.id,
    group: stored.group,
    ids,
    texts: tokenizer && ids.map((id) => tokenizer.tokenText(id)),
    special: ids.map((id) => tokenizer !== null && isSpecial(tokenizer, id)),
    missing,
    samplingLogps: Array.from(stored.samplingLogps),
    oldLogps: Array.from(oldLogps),
    referenceLogps: referenceLogps && Array.from(referenceLogps),
    policyLogps: Array.from(policyLogps),
    entropies: Array.from(stored.entropies),
    coefficients: Array.from(stored.coefficients),
    ratios: Array.from(policyLogps, (logp, t) => Math.exp(logp - oldLogps[t])),
    kl: referenceLogps && Array.from(policyLogps, (logp, t) => klEstimate(referenceLogps[t] - logp)),
    advantage: stored.advantage,
    beta,
    klEstimator: config?.kl_estimator ?? 'k3',
    leftOut: config !== null && config.mask_truncated_completions && stored.finishReason === 'length',
  };
}

/** k3 of Schulman's "Approximating KL divergence" (2020): e^d − 1 − d with d = log π_ref − log π; never negative. */
function klEstimate(difference: number): number {
  return Math.expm1(difference) - difference;
}

function isSpecial(tokenizer: Tokenizer, id: number): boolean {
  return tokenizer.decode([id], { skipSpecialTokens: true }) === '' && tokenizer.decode([id]) !== '';
}
