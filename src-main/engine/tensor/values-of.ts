/** Reads the result of a computation. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * The values of the tensor that `compute` gives; all tensors made on the way are freed. An array that were handed out of `tf.tidy`
 * itself would be searched for tensors, element by element, which takes longer than many a computation.
 */
export function valuesOf(compute: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  const values = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return values;
}
