/** Rotary position embedding (Su et al. 2021, equation 34) in the half-split layout of Hugging Face models. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/** Cosines and sines of every position's rotation angles, `[P, rotaryDim / 2]` each; the model builds them from its config. */
export interface RopeTable {
  cos: tf.Tensor2D;
  sin: tf.Tensor2D;
}

/**
 * Rotates each head of each token by its position: `(a, b) → (a cos − b sin, b cos + a sin)`, where a is the first and b the
 * second half of the first `rotaryDim` entries of a head; the other entries pass unchanged.
 * @param x `[N, heads * headDim]`
 * @param positions `[N]`, each below P
 * @returns `[N, heads * headDim]`
 */
export function rope(x: tf.Tensor2D, positions: Int32Array, table: RopeTable, headDim: number): tf.Tensor2D {
  if (!hasKernel(kernelNames.rope)) return ropeReference(x, positions, table, headDim);
  return runKernel(kernelNames.rope, { x, cos: table.cos, sin: table.sin }, { positions, headDim, inverse: false });
}

/** `rope` in plain tf operations. */
export function ropeReference(x: tf.Tensor2D, positions: Int32Array, table: RopeTable, headDim: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [tokens, width] = x.shape;
    const heads = width / headDim;
    const half = table.cos.shape[1];
    const indices = tf.tensor1d(positions, 'int32');
    const cos = tf.reshape(tf.gather(table.cos, indices), [tokens, 1, half]);
    const sin = tf.reshape(tf.gather(table.sin, indices), [tokens, 1, half]);
    const split = tf.reshape(x, [tokens, heads, headDim]);
    const a = tf.slice(split, [0, 0, 0], [tokens, heads, half]);
    const b = tf.slice(split, [0, 0, half], [tokens, heads, half]);
    const parts = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))];
    const rest = headDim - 2 * half;
    if (rest > 0) parts.push(tf.slice(split, [0, 0, 2 * half], [tokens, heads, rest]));
    return tf.reshape(tf.concat(parts, 2), [tokens, width]);
  });
}

tf.registerGradient({
  kernelName: kernelNames.rope,
  inputsToSave: ['cos', 'sin'],
  gradFunc: (dy, saved, { positions, headDim }) => {
    const [cos, sin] = saved as [tf.Tensor, tf.Tensor];
    // A rotation's transpose is the rotation by the opposite angle.
    return {
      x: () => runKernel(kernelNames.rope, { x: dy as tf.Tensor, cos, sin }, { positions, headDim, inverse: true }),
    };
  },
});
