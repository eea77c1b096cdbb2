/**
 * Low-rank adapters over frozen linear layers (LoRA, arXiv 2106.09685): a layer's update is the product of two small matrices,
 * and only these are trained. The adapter switched off is the model it started from.
 */
import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from '../../grpo/random.ts';
import { linear } from '../tensor/ops/linear.ts';
import { weightShapes, type DecoderConfig } from './config.ts';
import { toWeight, type Weights } from './weights.ts';

export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Names that the paths of the adapted layers end with, such as `q_proj`. */
  targetModules: readonly string[];
  /** Scales by α/√r instead of α/r (rank-stabilised LoRA, arXiv 2312.03732). */
  rsLora: boolean;
}

export interface Adapter {
  settings: LoraSettings;
  /** `<layer>.lora_A.weight` [r, I] and `<layer>.lora_B.weight` [O, r] of each adapted layer. */
  weights: Weights;
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
  const reduced = tf.mul<tf.Tensor2D>(linear(x, down), loraScale(adapter.settings)); // [N, r]
  return tf.add(y, linear(reduced, up));
}

/** What the product of the two matrices is multiplied by. */
export function loraScale({ rank, alpha, rsLora }: LoraSettings): number {
  return alpha / (rsLora ? Math.sqrt(rank) : rank);
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
  return { settings, weights };
}

/** Every tensor of an adapter under its name here, with its shape. */
export function adapterShapes(config: DecoderConfig, { rank, targetModules }: LoraSettings): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const [layer, [out, input]] of linearLayers(config)) {
    if (!targetModules.some((target) => isTarget(layer, target))) continue;
    shapes.set(`${layer}.lora_A.weight`, [rank, input]);
    shapes.set(`${layer}.lora_B.weight`, [out, rank]);
  }
  return shapes;
}

/** Last names of all linear layers of the decoder, each once: what an adapter stands on when nothing else is said. */
export function linearLayerNames(config: DecoderConfig): string[] {
  return [...new Set([...linearLayers(config).keys()].map((layer) => layer.slice(layer.lastIndexOf('.') + 1)))];
}

/** The first of the targets that names no linear layer of the decoder. */
export function unknownTarget(config: DecoderConfig, targets: readonly string[]): string | undefined {
  const layers = [...linearLayers(config).keys()];
  return targets.find((target) => !layers.some((layer) => isTarget(layer, target)));
}

/** PEFT's rule: the layer's whole path, or the end of it that starts after a dot. */
function isTarget(layer: string, target: string): boolean {
  return layer === target || layer.endsWith(`.${target}`);
}

/** Paths of the linear layers with their shapes [O, I]; embedding and head are none. */
function linearLayers(config: DecoderConfig): Map<string, number[]> {
  const layers = new Map<string, number[]>();
  for (const [name, shape] of weightShapes(config)) {
    if (!name.startsWith('model.layers.') || shape.length !== 2) continue;
    layers.set(name.slice(0, -'.weight'.length), shape);
  }
  return layers;
}
