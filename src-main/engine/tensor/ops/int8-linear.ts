/** A frozen linear layer whose weight is held as 8-bit integers with one scale for each output, a quarter of its memory. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

export interface Int8Weight {
  /** Bytes of the integers, each row padded to whole words: int32 `[O, ⌈I/4⌉]`, since tfjs has no smaller type. */
  packed: tf.Tensor2D;
  /** What a row's integers are multiplied by `[O]`. */
  scales: tf.Tensor1D;
}

const LARGEST = 127;

/**
 * Rounds each row to integers from −127 to 127 times its largest absolute value ÷ 127.
 * @param values `[O, I]`
 * @throws Error for a value that is not finite
 */
export function quantizeRows(values: Float32Array, outputs: number, width: number): Int8Weight {
  const words = Math.ceil(width / 4);
  const packed = new Int32Array(outputs * words);
  const bytes = new Int8Array(packed.buffer);
  const scales = new Float32Array(outputs);
  for (let row = 0; row < outputs; row++) {
    let largest = 0;
    for (let i = row * width; i < (row + 1) * width; i++) largest = Math.max(largest, Math.abs(values[i]));
    if (!Number.isFinite(largest)) throw new Error(`row ${row} holds a number that is not finite`);
    scales[row] = largest / LARGEST;
    if (scales[row] === 0) continue; // the integers are zero already
    for (let i = 0; i < width; i++) {
      const rounded = Math.round(values[row * width + i] / scales[row]);
      bytes[row * words * 4 + i] = Math.max(-LARGEST, Math.min(LARGEST, rounded)); // a tiny scale is itself rounded
    }
  }
  return { packed: tf.tensor2d(packed, [outputs, words], 'int32'), scales: tf.tensor1d(scales) };
}

/**
 * `x · Wᵀ` for a weight of integers. Differentiable with respect to `x` alone; the weight in floats exists a few rows at a time.
 * @param x `[N, I]`
 * @returns `[N, O]`
 */
export function int8Linear(x: tf.Tensor2D, weight: Int8Weight): tf.Tensor2D {
  if (!hasKernel(kernelNames.int8Linear)) return int8LinearReference(x, weight);
  return runKernel(kernelNames.int8Linear, { x, ...weight });
}

/** `int8Linear` in plain tf operations: the weight in floats exists in each of the two passes, not between them. */
export function int8LinearReference(x: tf.Tensor2D, weight: Int8Weight): tf.Tensor2D {
  const width = x.shape[1];
  const multiply = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([weight.packed, weight.scales]);
    return {
      value: tf.tidy(() => tf.matMul(x as tf.Tensor2D, dequantize(weight, width), false, true)),
      gradFunc: (dy, saved) => {
        const [packed, scales] = saved as [tf.Tensor2D, tf.Tensor1D];
        return tf.tidy(() => tf.matMul(dy as tf.Tensor2D, dequantize({ packed, scales }, width)));
      },
    };
  });
  return multiply(x) as tf.Tensor2D;
}

/** The weight in floats [O, I]. */
function dequantize({ packed, scales }: Int8Weight, width: number): tf.Tensor2D {
  const [outputs, words] = packed.shape;
  const { buffer, byteOffset, byteLength } = packed.dataSync() as Int32Array;
  const integers = Float32Array.from(new Int8Array(buffer, byteOffset, byteLength));
  const padded = tf.tensor2d(integers, [outputs, 4 * words]);
  return tf.mul(tf.slice(padded, [0, 0], [outputs, width]), tf.reshape(scales, [outputs, 1]));
}

tf.registerGradient({
  kernelName: kernelNames.int8Linear,
  inputsToSave: ['x', 'packed', 'scales'],
  gradFunc: (dy, saved) => {
    const [x, packed, scales] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const inputs = { dy: dy as tf.Tensor, packed, scales };
    return { x: () => runKernel(kernelNames.int8LinearGrad, inputs, { width: x.shape[1] }) };
  },
});
