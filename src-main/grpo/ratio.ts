/** Importance ratios π/π_old of a completion's tokens, and the way their gradient takes back to the log-probs. */
import { mean } from './statistics.ts';

/** `token`: one ratio a token. `sequence`: GSPO. `sequence_token`: GSPO-token. */
export type RatioLevel = 'token' | 'sequence' | 'sequence_token';

export interface LogRatios {
  /** log of each token's importance ratio [T]. */
  values: Float64Array;
  /** Chain rule: from the gradient with respect to `values` [T] to the one with respect to the log-probs [T]. */
  pullBack(gradient: Float64Array): Float64Array;
}

/**
 * - `token`, DeepSeekMath (arXiv 2402.03300) eq. 3: w_t = π(o_t) / π_old(o_t).
 * - `sequence`, GSPO (arXiv 2507.18071) eq. 7: w_t = s = (π(o) / π_old(o))^(1/|o|), the geometric mean over the completion.
 * - `sequence_token`, GSPO-token eq. 14: w_t = sg[s] · π(o_t) / sg[π(o_t)]; of the same value as s, but a token's ratio moves with its
 *   own log-prob alone, so that tokens may have advantages of their own.
 *
 * @param logps log-probs of one completion's tokens [T]
 * @param oldLogps the same under the old policy [T]
 */
export function logRatios(level: RatioLevel, logps: Float64Array, oldLogps: Float64Array): LogRatios {
  const values = logps.map((logp, t) => logp - oldLogps[t]);
  const same = (gradient: Float64Array) => gradient;
  if (level === 'token') return { values, pullBack: same };
  values.fill(mean(values));
  return { values, pullBack: level === 'sequence' ? (gradient) => gradient.map(() => mean(gradient)) : same };
}
