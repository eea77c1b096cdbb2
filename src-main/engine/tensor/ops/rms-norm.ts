/** Root-mean-square layer normalisation (Zhang & Sennrich 2019, equation 4), the normalisation of the Llama family. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * `x / sqrt(mean(x²) + epsilon) * weight`, the mean taken over each row.
 * @param x `[N, H]`
 * @param weight `[H]`
 * @returns `[N, H]`
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  if (!hasKernel(kernelNames.rmsNorm)) return rmsNormReference(x, weight, epsilon);
  return runKernel(kernelNames.rmsNorm, { x, weight }, { epsilon });
}

/** `rmsNorm` in plain tf operations. */
export function rmsNormReference(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return tf.tidy(() => {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon)); // [N, 1]
    return tf.mul(tf.mul(x, inverse), weight); // [N, H]
  });
}

tf.registerGradient({
  kernelName: kernelNames.rmsNorm,
  inputsToSave: ['x', 'weight'],
  gradFunc: (dy, saved, { epsilon }) => {
    const [x, weight] = saved as [tf.Tensor2D, tf.Tensor1D];
    const [dx, dWeight] = runKernels(kernelNames.rmsNormGrad, { dy: dy as tf.Tensor, x, weight }, { epsilon }) as [
      tf.Tensor,
      tf.Tensor,
    ];
    return { x: () => dx, weight: () => dWeight };
  },
});
