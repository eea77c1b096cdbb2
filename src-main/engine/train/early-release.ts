/**
 * Frees what a backward pass no longer needs as it goes: tfjs keeps every gradient, and everything saved for one, until the whole pass
 * is over, which doubles the memory of a step.
 */
import * as tf from '@tensorflow/tfjs-core';
import { kernelNames } from '../tensor/ops/kernel-names.ts';
import '../tensor/ops/fused.ts';
import { onSpent } from '../tensor/ops/spent-tensors.ts';

const KERNELS = [tf.Add, tf.BatchMatMul, tf.Multiply, tf.Reshape, ...Object.values(kernelNames)];

/** What the operation before the present one of the backward pass worked with. */
let spent: tf.Tensor[] = [];
let running = false;
let wrapped = false;

/**
 * Runs a backward pass with early release. tfjs asks for the gradients of one operation after the other, so when it comes to the next
 * one, what the last one took in has served.
 */
export function withEarlyRelease<T>(backwardPass: () => T): T {
  if (!wrapped) for (const name of KERNELS) wrap(name);
  onSpent(release);
  wrapped = true;
  running = true;
  try {
    return backwardPass();
  } finally {
    running = false;
    spent = [];
  }
}

/** Frees what was spent before, and keeps what has been now until the next time. */
function release(next: tf.Tensor[]): void {
  if (!running) return;
  tf.dispose(spent);
  spent = next;
}

function wrap(kernelName: string): void {
  const gradient = tf.getGradient(kernelName);
  if (gradient === undefined) return;
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    ...gradient,
    gradFunc: (dy, saved, attributes) => {
      release([...(Array.isArray(dy) ? dy : [dy]), ...saved]);
      return gradient.gradFunc(dy, saved, attributes);
    },
  });
}
