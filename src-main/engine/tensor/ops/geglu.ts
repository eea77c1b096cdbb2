/** The gated activation of Gemma's feed-forward layer: GEGLU (Shazeer 2020, equation 6) with the tanh approximation of gelu. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * `gelu(gate) * up`, where `gelu(g) = g (1 + tanh(√(2/π) (g + 0.044715 g³))) / 2` (Hendrycks & Gimpel 2016).
 * @param gate `[N, I]`
 * @param up `[N, I]`
 * @returns `[N, I]`
 */
export function geGlu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  if (!hasKernel(kernelNames.geGlu)) return geGluReference(gate, up);
  return runKernel(kernelNames.geGlu, { gate, up });
}

/** `geGlu` in plain tf operations. */
export function geGluReference(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const cubic = tf.mul(0.044715, tf.mul(gate, tf.square(gate)));
    const share = tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(gate, cubic)));
    return tf.mul(tf.mul(tf.mul(0.5, gate), tf.add(1, share)), up);
  });
}

tf.registerGradient({
  kernelName: kernelNames.geGlu,
  inputsToSave: ['gate', 'up'],
  gradFunc: (dy, saved) => {
    const [gate, up] = saved as [tf.Tensor, tf.Tensor];
    const [dGate, dUp] = runKernels(kernelNames.geGluGrad, { dy: dy as tf.Tensor, gate, up }) as [tf.Tensor, tf.Tensor];
    return { gate: () => dGate, up: () => dUp };
  },
});
