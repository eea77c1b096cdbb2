/** The gated activation of the Llama feed-forward layer (Shazeer 2020, SwiGLU with β = 1). */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * `silu(gate) * up`, where `silu(g) = g / (1 + exp(−g))`.
 * @param gate `[N, I]`
 * @param up `[N, I]`
 * @returns `[N, I]`
 */
export function swiGlu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  if (!hasKernel(kernelNames.swiGlu)) return swiGluReference(gate, up);
  return runKernel(kernelNames.swiGlu, { gate, up });
}

/** `swiGlu` in plain tf operations. */
export function swiGluReference(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up));
}

tf.registerGradient({
  kernelName: kernelNames.swiGlu,
  inputsToSave: ['gate', 'up'],
  gradFunc: (dy, saved) => {
    const [gate, up] = saved as [tf.Tensor, tf.Tensor];
    const [dGate, dUp] = runKernels(kernelNames.swiGluGrad, { dy: dy as tf.Tensor, gate, up }) as [
      tf.Tensor,
      tf.Tensor,
    ];
    return { gate: () => dGate, up: () => dUp };
  },
});
