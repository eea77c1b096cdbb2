/** Runs a fused operation as one kernel of the current backend, where the backend has it; otherwise the caller's reference runs. */
import * as tf from '@tensorflow/tfjs-core';
import './gradients.ts';
import './native-ops.ts';

/** What a kernel of ours takes besides tensors: plain values and typed arrays of indices, handed through untouched. */
export type KernelAttributes = Record<string, unknown>;

/** Whether the current backend registered the kernel `name`. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Whether an operation that runs now is recorded for a backward pass; one within another operation is not. */
export function isRecorded(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/** Runs a kernel with any number of outputs; its registered gradient goes on the tape. */
export function runKernels(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: KernelAttributes = {},
): tf.Tensor[] {
  const outputs = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attributes as tf.NamedAttrMap);
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** Runs a kernel with one output. */
export function runKernel<T extends tf.Tensor>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: KernelAttributes = {},
): T {
  return tf.engine().runKernel<T>(name, inputs, attributes as tf.NamedAttrMap);
}
