/** The plain JavaScript backend of TensorFlow.js: slow, and always there. */
import * as tf from '@tensorflow/tfjs-core';
import type { BackendProbe } from './backend-probe.ts';

export async function probe(): Promise<BackendProbe> {
  return {
    name: 'cpu',
    available: true,
    device: 'JavaScript on one CPU thread',
    why: 'Plain JavaScript needs nothing installed; it is the slowest backend.',
  };
}

/** Registers the backend `cpu` and its kernels with tfjs. */
export async function activate(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  // Its first tensor would print an advertisement for tfjs-node.
  (tf.findBackend('cpu') as unknown as { firstUse: boolean }).firstUse = false;
}
