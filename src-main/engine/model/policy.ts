/** A loaded decoder: its configuration, its weights on the backend, and the folder it came from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StudioError } from '../../contract/errors.ts';
import { RandomStream } from '../../grpo/random.ts';
import type { RopeTable } from '../tensor/ops/rope.ts';
import { parseDecoderConfig, weightShapes, type DecoderConfig } from './config.ts';
import type { Weights } from './decoder.ts';
import { readSafetensors, type NamedArray } from './safetensors.ts';

export interface Policy {
  config: DecoderConfig;
  weights: Weights;
  /** Rotary table for positions below `length`; the policy keeps and grows it. */
  rope(length: number): RopeTable;
  dispose(): void;
}

/** A policy whose weights an optimizer may change. */
export interface TrainablePolicy extends Policy {
  weights: Readonly<Record<string, tf.Variable>>;
}

/**
 * Loads config.json and model.safetensors of a Hugging Face folder.
 *
 * @throws StudioError `model_invalid` or `model_unsupported`, naming the file and the tensor or field at fault
 */
export async function loadPolicy(folder: string, options: { trainable: true }): Promise<TrainablePolicy>;
export async function loadPolicy(folder: string, options: { trainable: boolean }): Promise<Policy>;
export async function loadPolicy(folder: string, options: { trainable: boolean }): Promise<Policy> {
  const config = await readDecoderConfig(folder);
  const path = join(folder, 'model.safetensors');
  const shapes = weightShapes(config);
  const weights: Record<string, tf.Tensor> = {};
  try {
    await readSafetensors(path, (name, array) => {
      const expected = shapes.get(name);
      // A tied checkpoint may carry the head as a second copy of the embedding.
      if (expected === undefined && name === 'lm_head.weight') return;
      checkShape(path, name, array, expected);
      weights[name] = toWeight(array, options.trainable);
    });
    for (const name of shapes.keys()) {
      if (!(name in weights)) {
        throw new StudioError('model_invalid', `${path} lacks the tensor ${name} that its config.json calls for`, {
          path,
          field: name,
        });
      }
    }
  } catch (error) {
    tf.dispose(weights);
    throw error;
  }
  return makePolicy(config, weights);
}

/** Random weights of the shape that config.json describes, as transformers initialises them: normal(0, initializer_range), norms 1, biases 0. */
export async function initializePolicy(folder: string, seed: number): Promise<TrainablePolicy> {
  const config = await readDecoderConfig(folder);
  const weights: Record<string, tf.Variable> = {};
  for (const [name, shape] of weightShapes(config)) {
    const stream = RandomStream.of(seed, 'initialize', name);
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const values = new Float32Array(size);
    if (shape.length > 1) for (let i = 0; i < size; i++) values[i] = config.initializerRange * stream.nextNormal();
    else if (name.endsWith('norm.weight')) values.fill(1);
    weights[name] = toWeight({ shape, values }, true) as tf.Variable;
  }
  return makePolicy(config, weights) as TrainablePolicy;
}

export async function readDecoderConfig(folder: string): Promise<DecoderConfig> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const message = `${folder} is no model folder: cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw new StudioError('model_invalid', message, { path }, { cause: error });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new StudioError(
      'model_invalid',
      `${path} is not valid JSON: ${(error as Error).message}`,
      { path },
      { cause: error },
    );
  }
  return parseDecoderConfig(json, path);
}

/** Number of weights, a tied head counted once. */
export function parameterCount(policy: Policy): number {
  return Object.values(policy.weights).reduce((total, weight) => total + weight.size, 0);
}

function checkShape(path: string, name: string, array: NamedArray, expected: number[] | undefined): void {
  if (expected === undefined) {
    throw new StudioError('model_invalid', `${path} holds a tensor ${name} that its config.json does not call for`, {
      path,
      field: name,
    });
  }
  if (array.shape.join() !== expected.join()) {
    throw new StudioError(
      'model_invalid',
      `${path}: ${name} has shape [${array.shape}], but config.json calls for [${expected}]`,
      {
        path,
        field: name,
      },
    );
  }
}

function toWeight({ shape, values }: NamedArray, trainable: boolean): tf.Tensor {
  const tensor = tf.tensor(values, shape, 'float32');
  if (!trainable) return tf.keep(tensor);
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}

function makePolicy(config: DecoderConfig, weights: Record<string, tf.Tensor>): Policy {
  let table: RopeTable | null = null;
  return {
    config,
    weights,
    rope(length) {
      if (table === null || table.cos.shape[0] < length) {
        if (table !== null) tf.dispose([table.cos, table.sin]);
        table = makeRopeTable(config, Math.max(length, 2 * (table?.cos.shape[0] ?? 0)));
      }
      return table;
    },
    dispose() {
      tf.dispose(weights);
      if (table !== null) tf.dispose([table.cos, table.sin]);
    },
  };
}

/** Rotary position embeddings (RoFormer, arXiv 2104.09864): angle = position · θ^(−2i/D), for `length` positions [P, D/2]. */
function makeRopeTable({ headDim, ropeTheta }: DecoderConfig, length: number): RopeTable {
  const half = headDim / 2;
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / Math.fround(ropeTheta ** Math.fround((2 * i) / headDim)));
    for (let position = 0; position < length; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos: tf.keep(tf.tensor2d(cos, [length, half])), sin: tf.keep(tf.tensor2d(sin, [length, half])) };
}
