/** The Llama decoder as pure functions over named weights: token ids in, hidden states out. Attention is passed in, so that
 * training, prefill and decoding share everything else. */
import * as tf from '@tensorflow/tfjs-core';
import { embedding } from '../tensor/ops/embedding.ts';
import { linear } from '../tensor/ops/linear.ts';
import { rmsNorm } from '../tensor/ops/rms-norm.ts';
import { rope, type RopeTable } from '../tensor/ops/rope.ts';
import { swiGlu } from '../tensor/ops/swiglu.ts';
import type { DecoderConfig } from './config.ts';

/** Weights under their Hugging Face names (`weightShapes` lists them). */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** Attention of one layer over rotated queries and keys. */
export type Attend = (
  layer: number,
  query: tf.Tensor2D, // [N, heads·headDim]
  key: tf.Tensor2D, // [N, keyValueHeads·headDim]
  value: tf.Tensor2D, // [N, keyValueHeads·headDim]
) => tf.Tensor2D; // [N, heads·headDim]

/**
 * Runs all layers, without the last norm.
 *
 * @param tokens packed token ids [N]
 * @param positions position id of each token [N]
 * @param table rotary table that reaches beyond the largest position
 * @returns hidden states [N, H]; `logitsInput` turns those that are needed into the head's input
 */
export function hiddenStates(
  config: DecoderConfig,
  weights: Weights,
  table: RopeTable,
  tokens: Int32Array,
  positions: Int32Array,
  attend: Attend,
): tf.Tensor2D {
  let hidden = embedding(weights['model.embed_tokens.weight'] as tf.Tensor2D, tokens); // [N, H]
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `model.layers.${layer}`;
    const normed = norm(config, weights, `${name}.input_layernorm`, hidden); // [N, H]
    const query = rope(project(weights, `${name}.self_attn.q_proj`, normed), positions, table, config.headDim); // [N, heads·D]
    const key = rope(project(weights, `${name}.self_attn.k_proj`, normed), positions, table, config.headDim); // [N, kvHeads·D]
    const value = project(weights, `${name}.self_attn.v_proj`, normed); // [N, kvHeads·D]
    const attended = attend(layer, query, key, value); // [N, heads·D]
    hidden = tf.add(hidden, project(weights, `${name}.self_attn.o_proj`, attended));

    const mlpInput = norm(config, weights, `${name}.post_attention_layernorm`, hidden); // [N, H]
    const gate = project(weights, `${name}.mlp.gate_proj`, mlpInput); // [N, I]
    const up = project(weights, `${name}.mlp.up_proj`, mlpInput); // [N, I]
    hidden = tf.add(hidden, project(weights, `${name}.mlp.down_proj`, swiGlu(gate, up)));
  }
  return hidden;
}

/** The last norm, applied to the rows of the hidden states that the head is asked about [M, H]. */
export function logitsInput(config: DecoderConfig, weights: Weights, hidden: tf.Tensor2D): tf.Tensor2D {
  return norm(config, weights, 'model.norm', hidden);
}

/** The LM head [V, H]: the embedding itself when the two are tied. */
export function headWeight(config: DecoderConfig, weights: Weights): tf.Tensor2D {
  return weights[config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'] as tf.Tensor2D;
}

function norm(config: DecoderConfig, weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return rmsNorm(x, weights[`${name}.weight`] as tf.Tensor1D, config.normEpsilon);
}

function project(weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return linear(x, weights[`${name}.weight`] as tf.Tensor2D, weights[`${name}.bias`] as tf.Tensor1D | undefined);
}
