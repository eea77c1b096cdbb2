/** The decoder of all families as pure functions over named weights: token ids in, hidden states out. Attention is passed in, so
 * that training, prefill and decoding share everything else. */
import * as tf from '@tensorflow/tfjs-core';
import type { AttentionOptions } from '../tensor/ops/attention.ts';
import { embedding } from '../tensor/ops/embedding.ts';
import { geGlu } from '../tensor/ops/geglu.ts';
import { rmsNorm } from '../tensor/ops/rms-norm.ts';
import { rope, type RopeTable } from '../tensor/ops/rope.ts';
import { splitColumns } from '../tensor/ops/split-columns.ts';
import { swiGlu } from '../tensor/ops/swiglu.ts';
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
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

/** Attention of one layer over rotated queries and keys; `options` are those of the layer. */
export type Attend = (
  query: tf.Tensor2D, // [N, heads·headDim]
  key: tf.Tensor2D, // [N, keyValueHeads·headDim]
  value: tf.Tensor2D, // [N, keyValueHeads·headDim]
  options: AttentionOptions,
) => tf.Tensor2D; // [N, heads·headDim]

/** How a layer turns hidden states [N, H] into the next ones [N, H], the last one into those that are wanted. */
export type RunLayer = (layer: number, input: tf.Tensor2D) => tf.Tensor2D;

/**
 * Runs all layers, without the last norm.
 *
 * @param tokens packed token ids [N]
 * @returns what `run` makes of the last layer; `logitsInput` turns those that are needed into the head's input
 */
export function hiddenStates({ config, weights }: Decoder, tokens: Int32Array, run: RunLayer): tf.Tensor2D {
  const { embeddingScale, padTokenId } = config;
  const embedded = embedding(weights['model.embed_tokens.weight'] as tf.Tensor2D, tokens, padTokenId); // [N, H]
  let hidden = embeddingScale === 1 ? embedded : tf.mul<tf.Tensor2D>(embedded, embeddingScale); // [N, H]
  for (let layer = 0; layer < config.layers; layer++) {
    const input = hidden;
    // What no gradient asks for is freed with its layer.
    hidden = tf.tidy(() => run(layer, input));
    input.dispose();
  }
  return hidden;
}

/**
 * One layer: norm, attention and feed-forward, each with its residual.
 *
 * @param tables rotary tables that reach beyond the largest position
 * @param positions position id of each token [N]
 * @param rows the tokens whose output is wanted [R]; all by default
 * @returns hidden states [R, H]
 */
export function decoderLayer(
  decoder: Decoder,
  tables: readonly RopeTable[],
  layer: number,
  input: tf.Tensor2D,
  positions: Int32Array,
  attend: Attend,
  rows?: Int32Array,
): tf.Tensor2D {
  const { headDim, attentionScale: scale, layerPlans, sandwichNorms } = decoder.config;
  const { window, rope: kind } = layerPlans[layer];
  const name = `model.layers.${layer}`;
  const normed = norm(decoder, `${name}.input_layernorm`, input); // [N, H]
  const [query, key, value] = projections(decoder, `${name}.self_attn`, normed); // [N, heads·D], [N, kvHeads·D] twice
  const placed = (x: tf.Tensor2D) => (kind === null ? x : rope(x, positions, tables[kind], headDim));
  const wanted = (x: tf.Tensor2D) => (rows === undefined ? x : embedding(x, rows));
  const attended = wanted(attend(placed(query), placed(key), value, { headDim, scale, window })); // [R, heads·D]
  const output = linearLayer(decoder, `${name}.self_attn.o_proj`, attended); // [R, H]
  if (sandwichNorms) {
    const hidden = tf.add<tf.Tensor2D>(wanted(input), norm(decoder, `${name}.post_attention_layernorm`, output));
    const fed = feedForward(decoder, `${name}.mlp`, norm(decoder, `${name}.pre_feedforward_layernorm`, hidden));
    return tf.add(hidden, norm(decoder, `${name}.post_feedforward_layernorm`, fed));
  }
  const hidden = tf.add<tf.Tensor2D>(wanted(input), output);
  return tf.add(hidden, feedForward(decoder, `${name}.mlp`, norm(decoder, `${name}.post_attention_layernorm`, hidden)));
}

/** The last norm, applied to the rows of the hidden states that the head is asked about [M, H]. */
export function logitsInput(decoder: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  return norm(decoder, 'model.norm', hidden);
}

/** The LM head [V, H]: the embedding itself when the two are tied. */
export function headWeight({ config, weights }: Decoder): tf.Tensor2D {
  return weights[config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'] as tf.Tensor2D;
}

/** Queries [N, heads·D], keys and values [N, kvHeads·D], before the rotation. */
function projections(decoder: Decoder, name: string, x: tf.Tensor2D): tf.Tensor2D[] {
  const { heads, keyValueHeads, headDim, fusedProjections, headNorms } = decoder.config;
  const widths = [heads * headDim, keyValueHeads * headDim, keyValueHeads * headDim];
  const [query, key, value] = fusedProjections
    ? splitColumns(linearLayer(decoder, `${name}.qkv_proj`, x), widths)
    : ['q', 'k', 'v'].map((part) => linearLayer(decoder, `${name}.${part}_proj`, x));
  if (!headNorms) return [query, key, value];
  return [headNorm(decoder, `${name}.q_norm`, query), headNorm(decoder, `${name}.k_norm`, key), value];
}

/** The gated feed-forward layer [N, H]. */
function feedForward(decoder: Decoder, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const { intermediateSize, fusedProjections, activation } = decoder.config;
  const [gate, up] = fusedProjections
    ? splitColumns(linearLayer(decoder, `${name}.gate_up_proj`, x), [intermediateSize, intermediateSize])
    : ['gate', 'up'].map((part) => linearLayer(decoder, `${name}.${part}_proj`, x)); // [N, I]
  return linearLayer(decoder, `${name}.down_proj`, activation === 'silu' ? swiGlu(gate, up) : geGlu(gate, up));
}

/** A norm over each head of x [N, heads·D] by itself. */
function headNorm(decoder: Decoder, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const byHead = tf.reshape<tf.Rank.R2>(x, [-1, decoder.config.headDim]); // [N·heads, D]
  return tf.reshape(norm(decoder, name, byHead), x.shape);
}

function norm({ config, weights }: Decoder, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const weight = weights[`${name}.weight`] as tf.Tensor1D;
  return rmsNorm(x, config.normOffset === 0 ? weight : tf.add(weight, config.normOffset), config.normEpsilon);
}
