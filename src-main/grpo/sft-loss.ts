/** Cross-entropy of supervised fine-tuning on per-token log-probs, in the same shape as the GRPO loss. */

/**
 * L = −1/M Σ log π(token), the mean over all completion tokens of the batch.
 *
 * @param logps log π of the tokens to learn [m]
 * @param totalTokens tokens M of the whole batch, when it is split into micro-batches
 */
export function sftLoss(logps: ArrayLike<number>, totalTokens: number): { loss: number; gradient: Float64Array } {
  let loss = 0;
  for (let t = 0; t < logps.length; t++) loss -= logps[t] / totalTokens;
  return { loss, gradient: new Float64Array(logps.length).fill(-1 / totalTokens) };
}
