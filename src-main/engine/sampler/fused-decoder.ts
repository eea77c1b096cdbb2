/**
 * Decoding with one native call a token: the whole step of all live completions, over weights packed once a rollout. It stands in
 * for the composition of single operations in `rollout.ts`, for the models it knows, on the backend that has it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { headWeight } from '../model/decoder.ts';
import type { SamplerWeights } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { hasKnownLayers, LINEARS } from '../model/known-layers.ts';
import { loraScale } from '../../checkpoint/adapter-shapes.ts';
import type { Policy } from '../model/policy.ts';
import { loadAddon } from '../tensor/native-addon.ts';
import { nativeBackend } from '../tensor/native-backend.ts';
import type { DecodeRows, LayerCache } from '../tensor/ops/cached-attention.ts';
import { embedding } from '../tensor/ops/embedding.ts';
import type { RopeTable } from '../tensor/ops/rope.ts';

/** An opaque decoder of the addon, with its packed weights and the memory of its cache. */
type Handle = object;

/** The addon's functions; see src-main/engine/native/src/decode/init.cc. All throw RangeError for arrays or indices that do not fit. */
interface DecodeAddon {
  createDecoder(...sizesEpsilonAndScale: number[]): Handle;
  setDecoderFormat(decoder: Handle, format: number): void;
  setDecoderHead(decoder: Handle, finalNorm: Float32Array, head: Float32Array): void;
  setDecoderNorms(decoder: Handle, layer: number, inputNorm: Float32Array, attentionNorm: Float32Array): void;
  setDecoderMatrix(
    decoder: Handle,
    layer: number,
    matrix: number,
    weight: Float32Array,
    bias: Float32Array | null,
  ): void;
  beginDecoding(
    decoder: Handle,
    slots: number,
    promptTokens: number,
    promptKeys: Float32Array[],
    promptValues: Float32Array[],
  ): void;
  decodeStep(
    decoder: Handle,
    rows: number,
    ownLength: number,
    places: number,
    slots: Int32Array,
    sources: Int32Array,
    promptStarts: Int32Array,
    promptLengths: Int32Array,
    positions: Int32Array,
    cos: Float32Array,
    sin: Float32Array,
    hidden: Float32Array,
    logits: Float32Array,
  ): void;
}

export interface FusedDecoder {
  /** @returns logits [B, V] of the next token of every live completion; the same memory at every call */
  step(tokens: Int32Array, positions: Int32Array, rows: DecodeRows): Float32Array;
}

/** Packed weights live as long as the weights they were made of. */
const decoders = new WeakMap<Policy['weights'], { handle: Handle; format: SamplerWeights; frozen: boolean }>();

/** How the decoder holds matrices, in the order of `WeightFormat` in packed_matrix.h. */
const FORMATS: readonly SamplerWeights[] = ['float32', 'bfloat16'];

/**
 * @param format of the matrices; a product with rounded weights also rounds what it multiplies them with
 * @param tables rotary tables that reach beyond the largest position
 * @param caches keys and values of the prompts, one a layer
 * @returns null where the backend or the model needs the composition
 * @throws StudioError `config_invalid` where it does and the weights are to be rounded
 */
export function openFusedDecoder(
  policy: Policy,
  tables: readonly RopeTable[],
  caches: readonly LayerCache[],
  slots: number,
  format: SamplerWeights,
): FusedDecoder | null {
  const backend = nativeBackend();
  if (backend === null || tf.getBackend() !== 'native' || !hasKnownLayers(policy, tables)) {
    if (format === 'float32') return null;
    throw new StudioError(
      'config_invalid',
      `sampler_weights ${format} needs the native backend and a model whose layers are those of a Llama, with weights in floats; ` +
        'set sampler_weights float32',
      { field: 'sampler_weights' },
    );
  }
  const addon = loadAddon<DecodeAddon>();
  const handle = packWeights(policy, addon, format);
  const values = (tensor: tf.Tensor): Float32Array => backend.values(tensor);
  const { vocabSize, hiddenSize } = policy.config;
  const promptTokens = caches[0].promptKeys.shape[0];
  addon.beginDecoding(
    handle,
    slots,
    promptTokens,
    caches.map(({ promptKeys }) => values(promptKeys)),
    caches.map(({ promptValues }) => values(promptValues)),
  );
  const [table] = tables;
  const logits = new Float32Array(slots * vocabSize);
  const hidden = new Float32Array(slots * hiddenSize);
  return {
    step(tokens, positions, { slots: live, sources, promptStarts, promptLengths, ownLength }) {
      const count = tokens.length;
      tf.tidy(() => hidden.set(values(embedding(policy.weights['model.embed_tokens.weight'] as tf.Tensor2D, tokens))));
      const [cos, sin] = [values(table.cos), values(table.sin)];
      addon.decodeStep(
        handle,
        count,
        ownLength,
        table.cos.shape[0],
        live,
        sources,
        promptStarts,
        promptLengths,
        positions,
        cos,
        sin,
        hidden,
        logits,
      );
      return logits.subarray(0, count * vocabSize);
    },
  };
}

/** Packs what can have changed since the last rollout: everything, or nothing where all weights are frozen. */
function packWeights(policy: Policy, addon: DecodeAddon, format: SamplerWeights): Handle {
  const { config, weights } = policy;
  const backend = nativeBackend()!;
  const known = decoders.get(weights);
  const same = known?.format === format;
  if (same && known.frozen && policy.adapter === null) return known.handle;
  const values = (name: string): Float32Array => backend.values(weights[name]);
  const handle =
    known?.handle ??
    addon.createDecoder(
      config.vocabSize,
      config.hiddenSize,
      config.intermediateSize,
      config.layers,
      config.heads,
      config.keyValueHeads,
      config.headDim,
      config.headDim / 2,
      config.normEpsilon,
      1 / Math.sqrt(config.headDim),
    );
  const trained = Object.values(weights).some((weight) => weight instanceof tf.Variable);
  addon.setDecoderFormat(handle, FORMATS.indexOf(format));
  if (trained || !same) addon.setDecoderHead(handle, values('model.norm.weight'), backend.values(headWeight(policy)));
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `model.layers.${layer}`;
    addon.setDecoderNorms(
      handle,
      layer,
      values(`${name}.input_layernorm.weight`),
      values(`${name}.post_attention_layernorm.weight`),
    );
    for (const [matrix, part] of LINEARS.entries()) {
      const bias = `${name}.${part}.bias`;
      tf.tidy(() => {
        const weight = backend.values(mergedWeight(policy, `${name}.${part}`));
        addon.setDecoderMatrix(handle, layer, matrix, weight, bias in weights ? values(bias) : null);
      });
    }
  }
  decoders.set(weights, { handle, format, frozen: !trained && policy.adapter === null });
  return handle;
}

/** A linear layer's weight [O, I] with what an adapter adds to it: W + scale · B·A. */
function mergedWeight({ weights, adapter }: Policy, layer: string): tf.Tensor2D {
  const weight = weights[`${layer}.weight`] as tf.Tensor2D;
  const down = adapter?.weights[`${layer}.lora_A.weight`] as tf.Tensor2D | undefined; // [r, I]
  if (adapter === null || down === undefined) return weight;
  const up = adapter.weights[`${layer}.lora_B.weight`] as tf.Tensor2D; // [O, r]
  return tf.add(weight, tf.matMul(tf.mul(up, loraScale(adapter.settings, layer)), down));
}
