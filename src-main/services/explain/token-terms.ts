/** What the stored log-probs and gradient coefficients of a completion say about each of its tokens. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord } from '../../contract/engine.ts';
import { klEstimate } from '../../grpo/kl.ts';

export interface TokenTerms {
  /** KL estimate in nats; null without a reference. */
  kl: number | null;
  /** The gradient coefficient (DeepSeekMath, arXiv 2402.03300, eq. 21), as recorded. */
  coefficient: number;
  /** Its two parts: what is left without the pull of the KL term, and that pull. */
  fromAdvantage: number;
  fromKl: number;
}

/**
 * @param beta weight of the KL term in this step's loss
 * @returns one entry a token [T]; of the step's last pass, as the stored values are. With `use_bias_correction_kl` what the KL term
 *   pushes through the ratio counts to the advantage's part.
 */
export function tokenTerms(completion: CompletionRecord, config: GrpoConfig, beta: number): TokenTerms[] {
  const { policyLogps, referenceLogps, coefficients, finishReason } = completion;
  const leftOut = config.mask_truncated_completions && finishReason === 'length';
  return Array.from(policyLogps, (logp, t) => {
    const coefficient = coefficients[t];
    if (referenceLogps === null) return { kl: null, coefficient, fromAdvantage: coefficient, fromKl: 0 };
    const { value, slope } = klEstimate(config.kl_estimator, logp, referenceLogps[t]);
    const fromKl = leftOut ? 0 : 0 - beta * slope; // 0, not −0, where the two policies agree
    return { kl: value, coefficient, fromAdvantage: coefficient - fromKl, fromKl };
  });
}

/** Weight of the KL term in a step's loss: the recorded one where β moves, 0 where the KL is taken off the reward instead. */
export function lossBeta(config: GrpoConfig, metrics: Record<string, number>): number {
  return config.kl_in_reward ? 0 : (metrics['beta'] ?? config.beta);
}
