/** What the stored log-probs of a completion say about each of its tokens. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord } from '../../contract/engine.ts';

export interface TokenTerms {
  /** KL estimate in nats; null without a reference. */
  kl: number | null;
  /** The two parts of the gradient coefficient (DeepSeekMath, arXiv 2402.03300, eq. 21): ratio × advantage, 0 where clipped; and the pull of the KL term. */
  fromAdvantage: number;
  fromKl: number;
}

/**
 * @param beta weight of the KL term in this step's loss
 * @returns one entry a token [T]; of the step's last pass, as the stored log-probs are. Exact for every loss while the ratio is 1;
 *   away from 1 it follows the plain clip rule.
 */
export function tokenTerms(completion: CompletionRecord, config: GrpoConfig, beta: number): TokenTerms[] {
  const { advantage, policyLogps, oldLogps, referenceLogps } = completion;
  const { epsilon, epsilon_high: epsilonHigh = epsilon } = config;
  return Array.from(policyLogps, (logp, t) => {
    const ratio = Math.exp(logp - oldLogps[t]);
    const clipped = advantage > 0 ? ratio > 1 + epsilonHigh : ratio < 1 - epsilon;
    const fromAdvantage = clipped ? 0 : ratio * advantage;
    if (referenceLogps === null) return { kl: null, fromAdvantage, fromKl: 0 };
    const { value, pull } = klTerms(config.kl_estimator, referenceLogps[t] - logp);
    return { kl: value, fromAdvantage, fromKl: beta * pull };
  });
}

/** Weight of the KL term in a step's loss: the recorded one where β moves, 0 where the KL is taken off the reward instead. */
export function lossBeta(config: GrpoConfig, metrics: Record<string, number>): number {
  return config.kl_in_reward ? 0 : (metrics['beta'] ?? config.beta);
}

/** An estimate of KL and its pull, minus its slope, from log π_ref − log π; the estimators are those of `grpo/kl.ts`. */
function klTerms(estimator: GrpoConfig['kl_estimator'], difference: number): { value: number; pull: number } {
  switch (estimator) {
    case 'k1':
      return { value: -difference, pull: -1 };
    case 'k2':
      return { value: 0.5 * difference ** 2, pull: difference };
    default:
      return { value: Math.expm1(difference) - difference, pull: Math.expm1(difference) };
  }
}
