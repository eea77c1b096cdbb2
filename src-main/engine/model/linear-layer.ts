/** A linear layer of the decoder by its name: the frozen or trained weight, its bias, and what an adapter adds to it. */
import type * as tf from '@tensorflow/tfjs-core';
import { linear } from '../tensor/ops/linear.ts';
import { addLowRank, type Adapter } from './lora.ts';
import type { Weights } from './weights.ts';

/** @returns x·Wᵀ + b, with the adapter's low-rank update added [N, O] */
export function linearLayer(
  { weights, adapter }: { weights: Weights; adapter: Adapter | null },
  name: string,
  x: tf.Tensor2D, // [N, I]
): tf.Tensor2D {
  const weight = weights[`${name}.weight`] as tf.Tensor2D; // [O, I]
  const bias = weights[`${name}.bias`] as tf.Tensor1D | undefined;
  return addLowRank(adapter, name, x, linear(x, weight, bias));
}
