/** The Euclidean norm of many tensors as if they were one: what gradient clipping looks at (Pascanu et al. 2013, algorithm 1). */
import * as tf from '@tensorflow/tfjs-core';
import { loadAddon } from '../native-addon.ts';
import { nativeBackend } from '../native-backend.ts';

/** The addon's function; see src-main/engine/native/src/ops/init.cc. */
interface NormAddon {
  /** Sum of the squares of all elements of all arrays. */
  sumSquares(arrays: Float32Array[]): number;
}

export function globalNorm(tensors: readonly tf.Tensor[]): number {
  const backend = nativeBackend();
  if (backend === null || tf.getBackend() !== 'native') return globalNormReference(tensors);
  return Math.sqrt(loadAddon<NormAddon>().sumSquares(tensors.map((tensor) => backend.values(tensor))));
}

/** `globalNorm` in plain tf operations. */
export function globalNormReference(tensors: readonly tf.Tensor[]): number {
  let squares = 0;
  for (const tensor of tensors) squares += tf.tidy(() => tf.sum(tf.square(tensor)).dataSync()[0]);
  return Math.sqrt(squares);
}
