/** The linear layer in the weight layout of Hugging Face checkpoints: one row of the weight per output. */
import * as tf from '@tensorflow/tfjs-core';
import './gradients.ts';

/**
 * `x · weightᵀ + bias`. It needs no kernel of its own: tfjs multiplies by a transposed matrix without making the transpose, and
 * computes only those of the two gradients that are asked for.
 * @param x `[N, I]`
 * @param weight `[O, I]`
 * @param bias `[O]`
 * @returns `[N, O]`
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  if (bias === undefined) return tf.matMul(x, weight, false, true);
  return tf.tidy(() => tf.add(tf.matMul(x, weight, false, true), bias));
}
