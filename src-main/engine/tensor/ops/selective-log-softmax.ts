/** Log-probability of one chosen token per row and the entropy of the row's distribution, without keeping the logits. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

export interface SelectedLogProbs {
  /** `[M]`: natural log of the probability of each row's target. */
  logps: tf.Tensor1D;
  /** `[M]`: entropy of each row's distribution in nats. */
  entropies: tf.Tensor1D;
}

/**
 * `log_softmax(hidden · headᵀ / temperature)[target]` and the entropy of the same distribution; both differentiable with respect
 * to `hidden` and `head`. Logits exist for a few rows at a time only and are computed again in the backward pass.
 * @param hidden `[M, H]`
 * @param head `[V, H]`
 * @param targets `[M]`, each below V
 */
export function selectiveLogSoftmax(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
  temperature: number,
): SelectedLogProbs {
  if (!hasKernel(kernelNames.selectiveLogSoftmax))
    return selectiveLogSoftmaxReference(hidden, head, targets, temperature);
  // A trained head wants its gradient together with that of the hidden states: the logits are then computed again only once.
  const trainsHead = head instanceof tf.Variable && head.trainable;
  const attributes = { targets, temperature, trainsHead };
  const [logps, entropies, logSums] = runKernels(kernelNames.selectiveLogSoftmax, { hidden, head }, attributes) as [
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  logSums.dispose(); // the tape keeps a handle of its own
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
  outputsToSave: [false, true, true],
  gradFunc: (dy, saved, attributes) => {
    const [hidden, head, entropies, logSums] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [dLogps, dEntropies] = dy as [tf.Tensor, tf.Tensor];
    const inputs = { dLogps, dEntropies, hidden, head, entropies, logSums };
    const gradients = (wanted: 'hidden' | 'head' | 'both'): tf.Tensor[] =>
      runKernels(kernelNames.selectiveLogSoftmaxGrad, inputs, { ...attributes, wanted });
    if (!attributes['trainsHead']) {
      return { hidden: () => gradients('hidden')[0], head: () => gradients('head')[0] };
    }
    const [dHidden, dHead] = gradients('both') as [tf.Tensor, tf.Tensor];
    return { hidden: () => dHidden, head: () => dHead };
  },
});
