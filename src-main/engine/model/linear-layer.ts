/** A linear layer of the decoder by its name: the frozen or trained weight, its bias, and what an adapter adds to it. */
import * as tf from '@tensorflow/tfjs-core';
import { int8Linear } from '../tensor/ops/int8-linear.ts';
import { linear } from '../tensor/ops/linear.ts';
import { int8Weight } from './int8-weights.ts';
import { addLowRank, type Adapter } from './lora.ts';
import type { Weights } from './weights.ts';

/** @returns x·Wᵀ + b, with the adapter's low-rank update added [N, O] */
export function linearLayer(
  { weights, adapter }: { weights: Weights; adapter: Adapter | null },
  name: string,
  x: tf.Tensor2D, // [N, I]
): tf.Tensor2D {
  const bias = weights[`${name}.bias`] as tf.Tensor1D | undefined; // [O]
  const integers = int8Weight(weights, name);
  if (integers === null) return addLowRank(adapter, name, x, linear(x, weights[`${name}.weight`] as tf.Tensor2D, bias));
  const product = int8Linear(x, integers); // [N, O]
  return addLowRank(adapter, name, x, bias === undefined ? product : tf.add(product, bias));
}
