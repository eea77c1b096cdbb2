/** Token embedding lookup, whose gradient adds each token's gradient to its row of the table. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * The rows of `weight` named by `ids`.
 * @param weight `[V, H]`
 * @param ids `[N]`, each below V
 * @returns `[N, H]`
 */
export function embedding(weight: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  if (!hasKernel(kernelNames.embedding)) return embeddingReference(weight, ids);
  return runKernel(kernelNames.embedding, { weight }, { ids, vocabulary: weight.shape[0] });
}

/** `embedding` in plain tf operations. */
export function embeddingReference(weight: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  return tf.tidy(() => tf.gather(weight, tf.tensor1d(ids, 'int32')));
}

tf.registerGradient({
  kernelName: kernelNames.embedding,
  gradFunc: (dy, _saved, { ids, vocabulary }) => ({
    weight: () => runKernel(kernelNames.embeddingGrad, { dy: dy as tf.Tensor }, { ids, vocabulary }),
  }),
});
