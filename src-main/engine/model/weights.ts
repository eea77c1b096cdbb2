/** Named weights on the backend: what a model or an adapter file holds, once its names and shapes are checked. */
import * as tf from '@tensorflow/tfjs-core';
import { expectedTensors, type ExpectedTensors } from '../../checkpoint/expected-tensors.ts';
import { linearLayerOf } from '../../checkpoint/lora-targets.ts';
import { openSafetensors } from '../../checkpoint/safetensors.ts';
import type { NamedArray, TensorFile, TensorSource } from '../../checkpoint/tensor-file.ts';
import { toInt8Weight } from './int8-weights.ts';

/** Weights under their Hugging Face names; those of linear layers in 8 bits as `toInt8Weight` names them. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

interface ExpectedWeights extends Pick<ExpectedTensors, 'shapes' | 'calledForBy'> {
  trainable: boolean;
  /** Whether weights of linear layers are held as 8-bit integers, which cannot be trained. */
  int8?: boolean;
}

/**
 * Reads exactly the expected tensors of a safetensors file: variables when they are to be trained.
 *
 * @throws StudioError `model_invalid`, naming the file and the tensor that is missing, has another shape or is not called for
 */
export async function readExpected(path: string, expected: ExpectedWeights): Promise<Record<string, tf.Tensor>> {
  return readOpen(await openSafetensors(path), { ...expected, ignores: () => false });
}

/** `readExpected` from weights that are open already, in one file or many. Closes them. */
export async function readOpen(
  file: TensorFile,
  { trainable, int8 = false, ...expected }: ExpectedWeights & ExpectedTensors,
): Promise<Record<string, tf.Tensor>> {
  const weights: Record<string, tf.Tensor> = {};
  try {
    for (const tensor of expectedTensors(file, expected)) {
      const { name, shape } = tensor;
      const array = { shape, values: await tensor.read() };
      const layer = int8 ? linearLayerOf(name, shape) : null;
      if (layer === null) weights[name] = toWeight(array, trainable);
      else Object.assign(weights, toInt8Weight(layer, array));
    }
  } catch (error) {
    tf.dispose(weights);
    throw error;
  } finally {
    await file.close();
  }
  return weights;
}

/** A variable, or a tensor that no tidy disposes. The backend may keep `values` as its own memory. */
export function toWeight({ shape, values }: NamedArray, trainable: boolean): tf.Tensor {
  const tensor = tf.tensor(values, shape, 'float32');
  if (!trainable) return tf.keep(tensor);
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}

/** Weights as a safetensors file is written from them, copied from the backend one at a time. */
export function* weightArrays(weights: Weights): Iterable<[string, TensorSource]> {
  for (const [name, weight] of Object.entries(weights)) {
    yield [name, { shape: weight.shape, values: () => weight.data() as Promise<Float32Array> }];
  }
}
