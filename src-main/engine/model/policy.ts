/** A loaded decoder: its configuration and its weights on the backend, with an adapter over them or without. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { readAdapterDescription, type LoraSettings } from '../../checkpoint/adapter-description.ts';
import { isNotCalledFor, openModelWeights } from '../../checkpoint/model-weights.ts';
import { StudioError } from '../../contract/errors.ts';
import { RandomStream } from '../../grpo/random.ts';
import type { RopeTable } from '../tensor/ops/rope.ts';
import { readAdapter } from './adapter-files.ts';
import { weightShapes, type DecoderConfig } from '../../checkpoint/decoder-config.ts';
import type { Decoder } from './decoder.ts';
import { initializeAdapter, type Adapter } from './lora.ts';
import { makeRopeTables } from './rope-tables.ts';
import { readDecoderConfig } from '../../checkpoint/read-decoder-config.ts';
import { readOpen, toWeight } from './weights.ts';

export { readDecoderConfig, toWeight };

export interface Policy extends Decoder {
  /** Whether a layer keeps its input alone for the backward pass and computes the rest again. */
  recomputes: boolean;
  /**
   * Rotary tables, in the order of the config's `ropes`, for sequences of up to `length` tokens: where the frequencies depend on the
   * length (dynamic, longrope), it decides, as the length of the longest row of a batch does in transformers. The policy keeps and
   * grows them, so they hold until the next call.
   */
  rope(length: number): readonly RopeTable[];
  dispose(): void;
}

/** A policy that an optimizer may change. */
export interface TrainablePolicy extends Policy {
  /** What is trained: all weights, or the adapter's and a reward model's head. */
  parameters: Readonly<Record<string, tf.Variable>>;
}

export interface LoadOptions {
  trainable: boolean;
  /** Holds frozen weights of linear layers as 8-bit integers. */
  int8?: boolean;
}

/**
 * Loads config.json and model.safetensors of a Hugging Face folder, or a PEFT adapter's folder with the base model it names. What
 * is trained is then the adapter, over frozen weights.
 *
 * @throws StudioError `model_invalid` or `model_unsupported`, naming the file and the tensor or field at fault
 */
export async function loadPolicy(folder: string, options: LoadOptions & { trainable: true }): Promise<TrainablePolicy>;
export async function loadPolicy(folder: string, options: LoadOptions): Promise<Policy>;
export async function loadPolicy(folder: string, options: LoadOptions): Promise<Policy> {
  const description = await readAdapterDescription(folder);
  if (description === null) return loadModel(folder, options);
  const base = await loadModel(description.baseFolder, { ...options, trainable: false });
  try {
    const { adapter } = await readAdapter(description, base.config, options.trainable);
    return withAdapter(base, adapter);
  } catch (error) {
    base.dispose();
    throw error;
  }
}

/** The policy with a new adapter over its weights, which are then frozen and belong to the result. */
export function addAdapter(policy: Policy, settings: LoraSettings, seed: number): TrainablePolicy {
  return withAdapter(policy, initializeAdapter(policy.config, settings, seed));
}

/** The policy with its adapter off. It is a view: the weights stay the policy's, and so does their disposal. */
export function withoutAdapter(policy: Policy): Policy {
  return { ...policy, adapter: null, dispose: () => undefined };
}

async function loadModel(folder: string, options: LoadOptions): Promise<TrainablePolicy> {
  const config = await readLanguageModelConfig(folder);
  return makePolicy(config, await readWeights(folder, weightShapes(config), options));
}

/** Reads exactly the weights of these names and shapes from a folder's model.safetensors, or the files of its index. */
export async function readWeights(
  folder: string,
  shapes: ReadonlyMap<string, number[]>,
  { trainable, int8 = false }: LoadOptions,
): Promise<Record<string, tf.Tensor>> {
  const file = await openModelWeights(folder);
  return readOpen(file, {
    shapes,
    calledForBy: 'config.json',
    ignores: isNotCalledFor,
    trainable,
    int8: int8 && !trainable,
  });
}

/**
 * A policy of frozen weights and an adapter, which from now on belong to it.
 *
 * @param head weights of the base that are trained with the adapter
 */
export function withAdapter(base: Policy, adapter: Adapter, head: Record<string, tf.Tensor> = {}): TrainablePolicy {
  return {
    ...base,
    adapter,
    parameters: { ...adapter.weights, ...head } as TrainablePolicy['parameters'],
    dispose() {
      base.dispose();
      tf.dispose(adapter.weights);
    },
  };
}

/** Random weights of the shape that config.json describes, as transformers initialises them: normal(0, initializer_range), norms the identity, biases 0. */
export async function initializePolicy(folder: string, seed: number): Promise<TrainablePolicy> {
  const config = await readLanguageModelConfig(folder);
  const weights: Record<string, tf.Tensor> = {};
  for (const [name, shape] of weightShapes(config)) {
    const stream = RandomStream.of(seed, 'initialize', name);
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const values = new Float32Array(size);
    if (shape.length > 1) for (let i = 0; i < size; i++) values[i] = config.initializerRange * stream.nextNormal();
    else if (name.endsWith('norm.weight')) values.fill(1 - config.normOffset);
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

/** Number of weights, an adapter's included, a tied head counted once. */
export function parameterCount({ config, adapter }: Policy): number {
  const adapted = Object.values(adapter?.weights ?? {}).map(({ shape }) => shape);
  return [...weightShapes(config).values(), ...adapted].reduce(
    (total, shape) => total + tf.util.sizeFromShape(shape),
    0,
  );
}

/** A policy of weights alone. Its parameters are variables only if the weights are. */
export function makePolicy(config: DecoderConfig, weights: Record<string, tf.Tensor>): TrainablePolicy {
  const tables = makeRopeTables(config.ropes);
  return {
    config,
    weights,
    adapter: null,
    recomputes: false,
    parameters: weights as TrainablePolicy['parameters'],
    rope: (length) => tables.upTo(length),
    dispose() {
      tf.dispose(weights);
      tables.dispose();
    },
  };
}
