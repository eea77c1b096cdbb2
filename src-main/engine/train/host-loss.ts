/**
 * Joins the pure loss functions of `grpo/` to the tensors: their value and gradient with respect to the log-probs are computed
 * in float64 on the host, and the backward pass starts from that gradient. One small transfer a micro-batch, on any backend.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface HostLoss {
  loss: number;
  /** d loss / d logps [M]. */
  gradient: Float64Array;
  /** d loss / d entropies [M]; absent or null where the loss does not depend on them. */
  entropyGradient?: Float64Array | null;
}

/**
 * @param logps differentiable log-probs [M]
 * @param lossOf the loss and its gradients, from the values of `logps` [M]
 * @param entropies differentiable entropies [M], for a loss that has a gradient with respect to them
 * @returns the loss as a scalar with those gradients
 */
export function hostLoss(
  logps: tf.Tensor1D,
  lossOf: (logps: Float32Array) => HostLoss,
  entropies: tf.Tensor1D | null = null,
): tf.Scalar {
  const inputs = entropies === null ? [logps] : [logps, entropies];
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[inputs.length] as tf.GradSaveFunc;
    const { loss, gradient, entropyGradient } = lossOf((args[0] as tf.Tensor).dataSync() as Float32Array);
    const gradients =
      entropies === null ? [gradient] : [gradient, entropyGradient ?? new Float64Array(gradient.length)];
    save(gradients.map((values) => tf.tensor1d(Float32Array.from(values))));
    return {
      value: tf.scalar(loss),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((values) => tf.mul(values, dy)),
    };
  });
  return operation(...inputs);
}
