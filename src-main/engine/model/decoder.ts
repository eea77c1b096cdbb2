/** The Llama decoder as pure functions over named weights: token ids in, hidden states out. Attention is passed in, so that
 * training, prefill and decoding share everything else. */
import * as tf from '@tensorflow/tfjs-core';
import { embedding } from '../tensor/ops/embedding.ts';
import { rmsNorm } from '../tensor/ops/rms-norm.ts';
import { rope, type RopeTable } from '../tensor/ops/rope.ts';
import { swiGlu } from '../tensor/ops/swiglu.ts';
import type { DecoderConfig } from './config.ts';
import { linearLayer } from './linear-layer.ts';
import type { Adapter } from './lora.ts';
import type { Weights } from './weights.ts';

/** What the decoder computes with. */
export interface Decoder {
  config: DecoderConfig;
  /** Under their Hugging Face names (`weightShapes` lists them). */
  weights: Weights;
  /** null when the weights stand alone. */
  adapter: Adapter | null;
}

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
  decoder: Decoder,
  table: RopeTable,
  tokens: Int32Array,
  positions: Int32Array,
  attend: Attend,
): tf.Tensor2D {
  const { config, weights } = decoder;
  let hidden = embedding(weights['model.embed_tokens.weight'] as tf.Tensor2D, tokens); // [N, H]
  for (let layer = 0; layer < config.layers; layer++) {
    const input = hidden;
    // What no gradient asks for is freed with its layer.
    hidden = tf.tidy(() => decoderLayer(decoder, table, layer, input, positions, attend));
    input.dispose();
  }
  return hidden;
}

function decoderLayer(
  decoder: Decoder,
  table: RopeTable,
  layer: number,
  input: tf.Tensor2D,
  positions: Int32Array,
  attend: Attend,
): tf.Tensor2D {
  const { headDim } = decoder.config;
  const name = `model.layers.${layer}`;
  const normed = norm(decoder, `${name}.input_layernorm`, input); // [N, H]
  const query = rope(linearLayer(decoder, `${name}.self_attn.q_proj`, normed), positions, table, headDim); // [N, heads·D]
  const key = rope(linearLayer(decoder, `${name}.self_attn.k_proj`, normed), positions, table, headDim); // [N, kvHeads·D]
  const value = linearLayer(decoder, `${name}.self_attn.v_proj`, normed); // [N, kvHeads·D]
  const attended = attend(layer, query, key, value); // [N, heads·D]
  const hidden = tf.add<tf.Tensor2D>(input, linearLayer(decoder, `${name}.self_attn.o_proj`, attended));

  const mlpInput = norm(decoder, `${name}.post_attention_layernorm`, hidden); // [N, H]
  const gate = linearLayer(decoder, `${name}.mlp.gate_proj`, mlpInput); // [N, I]
  const up = linearLayer(decoder, `${name}.mlp.up_proj`, mlpInput); // [N, I]
  return tf.add(hidden, linearLayer(decoder, `${name}.mlp.down_proj`, swiGlu(gate, up)));
}

/** The last norm, applied to the rows of the hidden states that the head is asked about [M, H]. */
export function logitsInput(decoder: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  return norm(decoder, 'model.norm', hidden);
}

/** The LM head [V, H]: the embedding itself when the two are tied. */
export function headWeight({ config, weights }: Decoder): tf.Tensor2D {
  return weights[config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'] as tf.Tensor2D;
}

function norm({ config, weights }: Decoder, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return rmsNorm(x, weights[`${name}.weight`] as tf.Tensor1D, config.normEpsilon);
}
