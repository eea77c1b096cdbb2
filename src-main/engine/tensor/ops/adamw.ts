/** One AdamW update (Loshchilov & Hutter 2019, algorithm 2) with the conventions of `torch.optim.AdamW`, in place. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/** First and second moment of a parameter's gradient, shaped like the parameter, zero before the first step. */
export interface AdamWState {
  m: tf.Variable;
  v: tf.Variable;
}

export interface AdamWOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** 1 for the first update; used for the bias correction. */
  step: number;
  /** The gradient is multiplied by this first (gradient clipping, accumulation). */
  gradientScale: number;
}

/**
 * Updates `parameter`, `state.m` and `state.v` in place; the gradient stays the caller's. The native kernel writes into the
 * variables' own buffers: a `tf.clone` of a variable shares that buffer and changes with it, so a snapshot must copy the data.
 */
export function adamW(parameter: tf.Variable, state: AdamWState, gradient: tf.Tensor, options: AdamWOptions): void {
  if (!hasKernel(kernelNames.adamW)) return adamWReference(parameter, state, gradient, options);
  runKernels(kernelNames.adamW, { parameter, m: state.m, v: state.v, gradient }, { ...options });
}

/** `adamW` in plain tf operations. */
export function adamWReference(
  parameter: tf.Variable,
  state: AdamWState,
  gradient: tf.Tensor,
  options: AdamWOptions,
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = options;
  tf.tidy(() => {
    const scaled = tf.mul(gradient, gradientScale);
    state.m.assign(tf.add(tf.mul(state.m, beta1), tf.mul(scaled, 1 - beta1)));
    state.v.assign(tf.add(tf.mul(state.v, beta2), tf.mul(tf.square(scaled), 1 - beta2)));
    const denominator = tf.add(tf.div(tf.sqrt(state.v), Math.sqrt(1 - beta2 ** step)), epsilon);
    const update = tf.mul(tf.div(state.m, denominator), learningRate / (1 - beta1 ** step));
    parameter.assign(tf.sub(tf.mul(parameter, 1 - learningRate * weightDecay), update));
  });
}
