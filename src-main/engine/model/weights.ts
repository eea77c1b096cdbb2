/** Named weights on the backend: what a model or an adapter file holds, once its names and shapes are checked. */
import * as tf from '@tensorflow/tfjs-core';
import { StudioError } from '../../contract/errors.ts';
import { readSafetensors, type NamedArray } from './safetensors.ts';

/** Weights under their Hugging Face names. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

export interface ExpectedWeights {
  /** Every tensor the file must hold. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** Name of the file that calls for them, for errors. */
  calledForBy: string;
  /** A tensor that may be there besides and is not read. */
  ignored?: string;
  trainable: boolean;
}

/**
 * Reads exactly the expected tensors of a safetensors file: variables when they are to be trained.
 *
 * @throws StudioError `model_invalid`, naming the file and the tensor that is missing, has another shape or is not called for
 */
export async function readExpected(
  path: string,
  { shapes, calledForBy, ignored, trainable }: ExpectedWeights,
): Promise<Record<string, tf.Tensor>> {
  const weights: Record<string, tf.Tensor> = {};
  const invalid = (field: string, message: string): StudioError =>
    new StudioError('model_invalid', message, { path, field });
  try {
    await readSafetensors(path, (name, array) => {
      const expected = shapes.get(name);
      if (expected === undefined && name === ignored) return;
      if (expected === undefined) {
        throw invalid(name, `${path} holds a tensor ${name} that its ${calledForBy} does not call for`);
      }
      if (array.shape.join() !== expected.join()) {
        throw invalid(
          name,
          `${path}: ${name} has shape [${array.shape.join()}], but ${calledForBy} calls for [${expected.join()}]`,
        );
      }
      weights[name] = toWeight(array, trainable);
    });
    for (const name of shapes.keys()) {
      if (!(name in weights)) {
        throw invalid(name, `${path} lacks the tensor ${name} that its ${calledForBy} calls for`);
      }
    }
  } catch (error) {
    tf.dispose(weights);
    throw error;
  }
  return weights;
}

/** A variable, or a tensor that no tidy disposes. */
export function toWeight({ shape, values }: NamedArray, trainable: boolean): tf.Tensor {
  const tensor = tf.tensor(values, shape, 'float32');
  if (!trainable) return tf.keep(tensor);
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}

/** Values of weights, in the form that a safetensors file is written from. */
export function* weightArrays(weights: Weights): Iterable<[string, NamedArray]> {
  for (const [name, weight] of Object.entries(weights)) {
    yield [name, { shape: weight.shape, values: weight.dataSync() as Float32Array }];
  }
}
