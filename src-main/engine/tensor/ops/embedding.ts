/** Token embedding lookup, whose gradient adds each token's gradient to its row of the table, save to that of the padding. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * The rows of `weight` named by `ids`.
 * @param weight `[V, H]`
 * @param ids `[N]`, each below V
 * @param padding id whose row takes no gradient (torch: `padding_idx`); null: none
 * @returns `[N, H]`
 */
export function embedding(weight: tf.Tensor2D, ids: Int32Array, padding: number | null = null): tf.Tensor2D {
  if (padding !== null && ids.includes(padding)) {
    return tf.tidy(() => withoutGradientOf(padding, ids, embedding(weight, ids)));
  }
  if (!hasKernel(kernelNames.embedding)) return embeddingReference(weight, ids);
  return runKernel(kernelNames.embedding, { weight }, { ids, vocabulary: weight.shape[0] });
}

/** `embedding` in plain tf operations. */
export function embeddingReference(weight: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  return tf.tidy(() => tf.gather(weight, tf.tensor1d(ids, 'int32')));
}

/** The same rows `[N, H]`, of which those of the padding pass no gradient on. */
function withoutGradientOf(padding: number, ids: Int32Array, rows: tf.Tensor2D): tf.Tensor2D {
  const pass = tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy) => {
      const kept = Float32Array.from(ids, (id) => (id === padding ? 0 : 1));
      return tf.mul(dy, tf.tensor2d(kept, [ids.length, 1]));
    },
  }));
  return pass(rows) as tf.Tensor2D;
}

tf.registerGradient({
  kernelName: kernelNames.embedding,
  gradFunc: (dy, _saved, { ids, vocabulary }) => ({
    weight: () => runKernel(kernelNames.embeddingGrad, { dy: dy as tf.Tensor }, { ids, vocabulary }),
  }),
});
