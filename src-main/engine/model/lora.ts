/**
 * Low-rank adapters over frozen linear layers (LoRA, arXiv 2106.09685): a layer's update is the product of two small matrices,
 * and only these are trained. The adapter switched off is the model it started from.
 */
import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from '../../grpo/random.ts';
import { linear } from '../tensor/ops/linear.ts';
import type { LoraSettings } from '../../checkpoint/adapter-description.ts';
import { adapterShapes, loraScale } from '../../checkpoint/adapter-shapes.ts';
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { toWeight, type Weights } from './weights.ts';

export interface Adapter {
  settings: LoraSettings;
  /** `<layer>.lora_A.weight` [r, I] and `<layer>.lora_B.weight` [O, r] of each adapted layer. */
  weights: Weights;
  /** Decides which inputs of a layer are dropped in one training pass; null everywhere else, where none are. */
  dropoutOf: ((layer: string) => RandomStream) | null;
}

/** Adds what the adapter has for a layer to the layer's output: y + scale · (x·Aᵀ)·Bᵀ, equation 3 of the paper. */
export function addLowRank(
  adapter: Adapter | null,
  layer: string,
  x: tf.Tensor2D, // [N, I]
  y: tf.Tensor2D, // [N, O]
): tf.Tensor2D {
  const down = adapter?.weights[`${layer}.lora_A.weight`] as tf.Tensor2D | undefined; // [r, I]
  if (adapter === null || down === undefined) return y;
  const up = adapter.weights[`${layer}.lora_B.weight`] as tf.Tensor2D; // [O, r]
  const { settings, dropoutOf } = adapter;
  const input = dropoutOf === null ? x : dropInputs(x, settings.dropout, dropoutOf(layer)); // [N, I]
  const reduced = tf.mul<tf.Tensor2D>(linear(input, down), loraScale(settings, layer)); // [N, r]
  return tf.add(y, linear(reduced, up));
}

/**
 * The policy for one pass of training: its adapter drops inputs. What is dropped follows from the seed and the place, so the same
 * pass computed again, in another process or for a backward pass, drops the same.
 *
 * @param place tells this pass from all others of the run
 */
export function withDropout<P extends { adapter: Adapter | null }>(policy: P, seed: number, ...place: number[]): P {
  const { adapter } = policy;
  if (adapter === null || adapter.settings.dropout === 0) return policy;
  const dropoutOf = (layer: string): RandomStream => RandomStream.of(seed, 'lora_dropout', ...place, layer);
  return { ...policy, adapter: { ...adapter, dropoutOf } };
}

/** Sets each element to zero with the given probability and scales the others so that the expectation stays. */
function dropInputs(x: tf.Tensor2D, probability: number, stream: RandomStream): tf.Tensor2D {
  const threshold = probability * 2 ** 32;
  const kept = 1 / (1 - probability);
  const factors = new Float32Array(x.size);
  for (let i = 0; i < factors.length; i++) if (stream.nextUint32() >= threshold) factors[i] = kept;
  return tf.mul(x, tf.tensor2d(factors, x.shape)); // [N, I]
}

/**
 * A new adapter, made of variables: A drawn as PEFT draws it (kaiming-uniform with a = √5, that is uniform within ±1/√I), B zero,
 * so that it changes nothing yet.
 */
export function initializeAdapter(config: DecoderConfig, settings: LoraSettings, seed: number): Adapter {
  const weights: Record<string, tf.Tensor> = {};
  for (const [name, shape] of adapterShapes(config, settings)) {
    const values = new Float32Array(shape[0] * shape[1]);
    if (name.endsWith('.lora_A.weight')) {
      const stream = RandomStream.of(seed, 'lora', name);
      const bound = 1 / Math.sqrt(shape[1]);
      for (let i = 0; i < values.length; i++) values[i] = bound * (2 * stream.nextFloat() - 1);
    }
    weights[name] = toWeight({ shape, values }, true);
  }
  return { settings, weights, dropoutOf: null };
}
