/** A loaded decoder: its configuration and its weights on the backend, with an adapter over them or without. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StudioError } from '../../contract/errors.ts';
import { RandomStream } from '../../grpo/random.ts';
import type { RopeTable } from '../tensor/ops/rope.ts';
import { readAdapter, readAdapterDescription } from './adapter-files.ts';
import { parseDecoderConfig, weightShapes, type DecoderConfig } from './config.ts';
import type { Decoder } from './decoder.ts';
import { initializeAdapter, type Adapter, type LoraSettings } from './lora.ts';
import { readExpected, toWeight } from './weights.ts';

export { toWeight };

export interface Policy extends Decoder {
  /** Rotary table for positions below `length`; the policy keeps and grows it. */
  rope(length: number): RopeTable;
  dispose(): void;
}

/** A policy that an optimizer may change. */
export interface TrainablePolicy extends Policy {
  /** What is trained: all weights, or the adapter's alone. */
  parameters: Readonly<Record<string, tf.Variable>>;
}

/**
 * Loads config.json and model.safetensors of a Hugging Face folder, or a PEFT adapter's folder with the base model it names. What
 * is trained is then the adapter, over frozen weights.
 *
 * @throws StudioError `model_invalid` or `model_unsupported`, naming the file and the tensor or field at fault
 */
export async function loadPolicy(folder: string, options: { trainable: true }): Promise<TrainablePolicy>;
export async function loadPolicy(folder: string, options: { trainable: boolean }): Promise<Policy>;
export async function loadPolicy(folder: string, { trainable }: { trainable: boolean }): Promise<Policy> {
  const description = await readAdapterDescription(folder);
  if (description === null) return loadModel(folder, trainable);
  const base = await loadModel(description.baseFolder, false);
  try {
    return adapt(base, await readAdapter(description, base.config, trainable));
  } catch (error) {
    base.dispose();
    throw error;
  }
}

/** The policy with a new adapter over its weights, which are then frozen and belong to the result. */
export function addAdapter(policy: Policy, settings: LoraSettings, seed: number): TrainablePolicy {
  return adapt(policy, initializeAdapter(policy.config, settings, seed));
}

/** The policy with its adapter off. It is a view: the weights stay the policy's, and so does their disposal. */
export function withoutAdapter(policy: Policy): Policy {
  return { ...policy, adapter: null, dispose: () => undefined };
}

async function loadModel(folder: string, trainable: boolean): Promise<TrainablePolicy> {
  const config = await readLanguageModelConfig(folder);
  return makePolicy(config, await readWeights(folder, weightShapes(config), { trainable }));
}

/** Reads exactly the weights of these names and shapes from a folder's model.safetensors. */
export function readWeights(
  folder: string,
  shapes: ReadonlyMap<string, number[]>,
  { trainable }: { trainable: boolean },
): Promise<Record<string, tf.Tensor>> {
  return readExpected(join(folder, 'model.safetensors'), {
    shapes,
    calledForBy: 'config.json',
    // A head that is not called for: a second copy of a tied embedding, or what a reward model's score takes the place of.
    ignored: 'lm_head.weight',
    trainable,
  });
}

function adapt(base: Policy, adapter: Adapter): TrainablePolicy {
  return {
    ...base,
    adapter,
    parameters: adapter.weights as TrainablePolicy['parameters'],
    dispose() {
      base.dispose();
      tf.dispose(adapter.weights);
    },
  };
}

/** Random weights of the shape that config.json describes, as transformers initialises them: normal(0, initializer_range), norms 1, biases 0. */
export async function initializePolicy(folder: string, seed: number): Promise<TrainablePolicy> {
  const config = await readLanguageModelConfig(folder);
  const weights: Record<string, tf.Tensor> = {};
  for (const [name, shape] of weightShapes(config)) {
    const stream = RandomStream.of(seed, 'initialize', name);
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const values = new Float32Array(size);
    if (shape.length > 1) for (let i = 0; i < size; i++) values[i] = config.initializerRange * stream.nextNormal();
    else if (name.endsWith('norm.weight')) values.fill(1);
    weights[name] = toWeight({ shape, values }, true);
  }
  return makePolicy(config, weights);
}

async function readLanguageModelConfig(folder: string): Promise<DecoderConfig> {
  const config = await readDecoderConfig(folder);
  if (!config.scoreHead) return config;
  const path = join(folder, 'config.json');
  const message = `${folder} is a reward model: it scores completions and cannot write them; name a language model`;
  throw new StudioError('model_unsupported', message, { path, field: 'architectures' });
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

/** Number of weights, an adapter's included, a tied head counted once. */
export function parameterCount({ weights, adapter }: Policy): number {
  const all = [...Object.values(weights), ...Object.values(adapter?.weights ?? {})];
  return all.reduce((total, weight) => total + weight.size, 0);
}

/** A policy of weights alone. Its parameters are variables only if the weights are. */
export function makePolicy(config: DecoderConfig, weights: Record<string, tf.Tensor>): TrainablePolicy {
  let table: RopeTable | null = null;
  return {
    config,
    weights,
    adapter: null,
    parameters: weights as TrainablePolicy['parameters'],
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
