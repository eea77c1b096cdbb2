/** Gradient functions of our own say here which tensors they have served; whoever runs the backward pass may free them at once. */
import type * as tf from '@tensorflow/tfjs-core';

type Listener = (tensors: tf.Tensor[]) => void;

let listener: Listener | null = null;

export function onSpent(next: Listener): void {
  listener = next;
}

/** @param tensors what a gradient function took in: its `dy` and what its forward pass saved */
export function spent(tensors: tf.Tensor[]): void {
  listener?.(tensors);
}
