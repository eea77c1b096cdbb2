/**
 * Frozen weights held as 8-bit integers, as under a QLoRA adapter (arXiv 2305.14314, with one scale for each row): those of linear
 * layers. Embedding, head and norms stay floats: they are a small part of a model, a row of the embedding is one token, and the head
 * decides the log-probs that everything else is about.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedArray } from '../../checkpoint/tensor-file.ts';
import { StudioError } from '../../contract/errors.ts';
import { quantizeRows, type Int8Weight } from '../tensor/ops/int8-linear.ts';

const PACKED = 'weight_int8';
const SCALES = 'weight_scales';

/**
 * The tensors that take the place of the weight `<layer>.weight`.
 *
 * @throws StudioError `model_invalid` when the weight holds a number that is not finite
 */
export function toInt8Weight(
  layer: string,
  { shape: [outputs, width], values }: NamedArray,
): Record<string, tf.Tensor> {
  try {
    const { packed, scales } = quantizeRows(values, outputs, width);
    return { [`${layer}.${PACKED}`]: tf.keep(packed), [`${layer}.${SCALES}`]: tf.keep(scales) };
  } catch (error) {
    const field = `${layer}.weight`;
    throw new StudioError(
      'model_invalid',
      `the weight ${field} cannot be held in 8 bits: ${(error as Error).message}`,
      {
        field,
      },
    );
  }
}

/** A layer's weight in integers; null when it is held in floats. */
export function int8Weight(weights: Readonly<Record<string, tf.Tensor>>, layer: string): Int8Weight | null {
  const packed = weights[`${layer}.${PACKED}`] as tf.Tensor2D | undefined;
  return packed === undefined ? null : { packed, scales: weights[`${layer}.${SCALES}`] as tf.Tensor1D };
}
