/** Log-probability of one chosen token per row and the entropy of the row's distribution, a few logits at a time. */
import * as tf from '@tensorflow/tfjs-core';
import { KEPT_LOGIT_BYTES } from '../../../contract/memory-limits.ts';
import { hasKernel, isRecorded, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

export interface SelectedLogProbs {
  /** `[M]`: natural log of the probability of each row's target. */
  logps: tf.Tensor1D;
  /** `[M]`: entropy of each row's distribution in nats. */
  entropies: tf.Tensor1D;
}

/** How many logits of `rows` rows a forward pass keeps for the backward pass. */
export function keptLogits(rows: number, vocabulary: number): number {
  return Math.min(rows * vocabulary, KEPT_LOGIT_BYTES / 4);
}

/**
 * `log_softmax(hidden · headᵀ / temperature)[target]` and the entropy of the same distribution; both differentiable with respect
 * to `hidden` and `head`.
 * @param hidden `[M, H]`
 * @param head `[V, H]`
 * @param targets `[M]`, each below V
 * @param recomputes whether the backward pass computes all logits again, to save memory; the results are the same bits
 */
export function selectiveLogSoftmax(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
  temperature: number,
  recomputes = false,
): SelectedLogProbs {
  if (!hasKernel(kernelNames.selectiveLogSoftmax))
    return selectiveLogSoftmaxReference(hidden, head, targets, temperature);
  // A trained head wants its gradient together with that of the hidden states: the gradients of logits are then computed only once.
  const trainsHead = head instanceof tf.Variable && head.trainable;
  const kept = isRecorded() && !recomputes ? keptLogits(hidden.shape[0], head.shape[0]) : 0;
  const attributes = { targets, temperature, trainsHead, kept };
  const results = runKernels(kernelNames.selectiveLogSoftmax, { hidden, head }, attributes);
  const [logps, entropies, ...forGradient] = results as [tf.Tensor1D, tf.Tensor1D, ...tf.Tensor[]];
  tf.dispose(forGradient); // the tape keeps handles of its own
  return { logps, entropies };
}

/** `selectiveLogSoftmax` in plain tf operations. */
export function selectiveLogSoftmaxReference(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
  temperature: number,
): SelectedLogProbs {
  return tf.tidy(() => {
    const logits = tf.div(tf.matMul(hidden, head, false, true), temperature); // [M, V]
    const logProbs = tf.logSoftmax(logits) as tf.Tensor2D;
    const chosen = tf.oneHot(tf.tensor1d(targets, 'int32'), head.shape[0]); // [M, V]
    return {
      logps: tf.sum<tf.Tensor1D>(tf.mul(logProbs, chosen), 1),
      entropies: tf.neg(tf.sum<tf.Tensor1D>(tf.mul(tf.exp(logProbs), logProbs), 1)),
    };
  });
}

tf.registerGradient({
  kernelName: kernelNames.selectiveLogSoftmax,
  inputsToSave: ['hidden', 'head'],
  outputsToSave: [false, true, true, true],
  gradFunc: (dy, saved, attributes) => {
    const [hidden, head, entropies, logSums, keptLogits] = saved;
    const [dLogps, dEntropies] = dy as tf.Tensor[];
    const inputs = { dLogps, dEntropies, hidden, head, entropies, logSums, keptLogits };
    const gradients = (wanted: 'hidden' | 'head' | 'both'): tf.Tensor[] =>
      runKernels(kernelNames.selectiveLogSoftmaxGrad, inputs, { ...attributes, wanted });
    if (!attributes['trainsHead']) {
      return { hidden: () => gradients('hidden')[0], head: () => gradients('head')[0] };
    }
    const [dHidden, dHead] = gradients('both') as [tf.Tensor, tf.Tensor];
    return { hidden: () => dHidden, head: () => dHead };
  },
});
