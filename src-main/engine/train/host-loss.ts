/**
 * Joins the pure loss functions of `grpo/` to the tensors: their value and gradient with respect to the log-probs are computed
 * in float64 on the host, and the backward pass starts from that gradient. One small transfer a micro-batch, on any backend.
 */
import * as tf from '@tensorflow/tfjs-core';

/**
 * @param logps differentiable log-probs [M]
 * @param lossOf the loss and its gradient with respect to `logps` [M]
 * @returns the loss as a scalar whose gradient with respect to `logps` is the given one
 */
export function hostLoss(
  logps: tf.Tensor1D,
  lossOf: (logps: Float32Array) => { loss: number; gradient: Float64Array },
): tf.Scalar {
  const operation = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const { loss, gradient } = lossOf((input as tf.Tensor).dataSync() as Float32Array);
    (save as tf.GradSaveFunc)([tf.tensor1d(Float32Array.from(gradient))]);
    return {
      value: tf.scalar(loss),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0], dy),
    };
  });
  return operation(logps);
}
