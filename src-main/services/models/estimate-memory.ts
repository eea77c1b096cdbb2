/**
 * How much memory the engine process takes at its peak, from a model's sizes and a run's settings. The formulas follow what the engine
 * keeps on the native backend; the numbers that were measured stand in `measured`, and `npm run -s bench:memory` measures them again.
 */
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { ACTIVATION_BYTES, KEPT_LOGIT_BYTES, POOL_SPARE } from '../../contract/memory-limits.ts';
import type { MemoryEstimate, ModelShape } from '../../contract/models.ts';
import type { MemorySettings } from './memory-settings.ts';

/** What was measured on x64 Linux with Node 24, and is not to be read off the code. */
const measured = {
  /** Node, TensorFlow.js, the tokenizer, the rows of a small dataset, the least that the pool of buffers has to spare. */
  runtimeBytes: 122 * 2 ** 20,
  /** Of layers that are computed by single operations: what the backward pass holds for each float that the forward pass keeps. */
  backwardShare: 0.22,
  /** Of such layers: what the two products of an adapter add, for each float that the adapted layer gives. */
  adapterOutputs: 2.6,
  /** What the pool of buffers holds beyond what is used of activations. */
  fragmentation: 0.1,
};

/** Tokens of a page of the cache. */
const PAGE_TOKENS = 32;

const FLOAT = 4; // bytes

/** What of a model its memory depends on. */
export type MemoryShape = ModelShape & Pick<DecoderConfig, 'headNorms' | 'sandwichNorms' | 'activation' | 'layerPlans'>;

/** @returns bytes by what holds them at the peak of the process */
export function estimateMemory(shape: MemoryShape, settings: MemorySettings): MemoryEstimate {
  const layers = linearLayers(shape);
  const linearWeights = shape.layers * layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  const { vocabSize, hiddenSize } = shape;
  const otherWeights = vocabSize * hiddenSize * (shape.tiedHead ? 1 : 2) + (2 * shape.layers + 1) * hiddenSize;
  const trained = settings.loraRank > 0 ? adapterWeights(shape, settings) : linearWeights + otherWeights;

  const weights = (settings.int8 ? linearWeights : FLOAT * linearWeights) + FLOAT * otherWeights;
  const adapter = settings.loraRank > 0 ? FLOAT * trained : 0;
  const optimizer = 2 * FLOAT * trained;
  const reference = settings.reference && settings.loraRank === 0 ? FLOAT * (linearWeights + otherWeights) : 0;

  const passing = passesOf(shape, settings);
  const tokensPerGroup = settings.promptTokens + settings.generations * settings.completionTokens;
  const kept = settings.groups * tokensPerGroup * FLOAT * shape.layers * passing.kept;
  // As engine/train/gradients.ts cuts an update.
  const limit = Math.max(ACTIVATION_BYTES, FLOAT * (linearWeights + otherWeights) + adapter);
  const byMemory = settings.cutsByMemory ? Math.ceil(kept / limit) : 1;
  const parts = Math.min(settings.groups, Math.max(settings.microBatches, byMemory));
  const batchGroups = Math.ceil(settings.groups / parts);
  const batchTokens = batchGroups * tokensPerGroup;
  const predictions = settings.predicts ? batchGroups * settings.generations * settings.completionTokens : 0;
  const logits = settings.recomputes ? 0 : Math.min(FLOAT * vocabSize * predictions, KEPT_LOGIT_BYTES);
  const ofLayer = passing.kept + passing.besides;
  const floats = settings.recomputes ? shape.layers * hiddenSize + ofLayer : shape.layers * ofLayer;
  const headGradient = settings.loraRank > 0 ? 0 : FLOAT * vocabSize * hiddenSize;
  const updating =
    FLOAT * batchTokens * (floats * (1 + measured.fragmentation) + passing.work + 4 * hiddenSize) +
    logits +
    (FLOAT * linearWeights) / shape.layers; // one layer's, packed
  const set = FLOAT * trained;
  const total = parts > 1 ? set : 0; // what the micro-batches before have left
  // The backward pass begins with all activations and ends with all gradients.
  const updatePeak = total + Math.max(updating + headGradient, set);

  const step = settings.samples ? samplingPeak(shape, settings, settings.groups, settings.generations) : null;
  const evaluation = settings.evaluationRows > 0 ? samplingPeak(shape, settings, settings.evaluationRows, 1) : null;
  const sampling = [step, evaluation].filter((peak) => peak !== null);
  const most = (part: keyof SamplingPeak): number => Math.max(0, ...sampling.map((peak) => peak[part]));
  // Whole layers are decoded with a packed copy of the weights, which stays for the next rollout, as do the pages of the cache.
  const decodesLayers = sampling.length > 0 && hasLlamaLayers(shape) && !settings.int8;
  const packed = decodesLayers ? FLOAT * (linearWeights + vocabSize * hiddenSize) : 0;
  const stays = decodesLayers ? most('pages') : 0;

  const pooled = weights + adapter + optimizer + reference + updatePeak;
  const spare = Math.max(0, POOL_SPARE.share * pooled - POOL_SPARE.bytes);
  const runtime = measured.runtimeBytes + spare;
  const held = runtime + weights + adapter + optimizer + reference + packed + stays;
  const estimate = {
    weights: weights + adapter,
    gradients: total + set,
    optimizer,
    reference,
    kvCache: most('pages') + most('prompts'),
    activations: packed + Math.max(most('passes'), updating),
    runtime,
    total: held + Math.max(most('pages') - stays + most('prompts') + most('passes'), updatePeak),
  };
  for (const key of Object.keys(estimate) as (keyof MemoryEstimate)[]) estimate[key] = Math.round(estimate[key]);
  return estimate;
}

interface Passes {
  /** Floats of a token that each layer keeps for its gradient. */
  kept: number;
  /** What lives besides for each layer, and once for all. */
  besides: number;
  work: number;
}

function passesOf(shape: MemoryShape, settings: MemorySettings): Passes {
  const { hiddenSize: hidden, intermediateSize: inner, heads, keyValueHeads, headDim } = shape;
  const projected = 2 * (heads + keyValueHeads) * headDim;
  if (hasLlamaLayers(shape) && !settings.int8 && !settings.drops) {
    // Of decoder_layer.cc: its activations, and its scratch with a layer's gradients on both sides.
    const lowRank = linearLayers(shape).length * settings.loraRank;
    const work = projected + 7 * hidden + 3 * inner + lowRank;
    return { kept: projected + 2 * (hidden + inner) + heads + lowRank, besides: 0, work };
  }
  const kept = 4 * hidden + projected + 3 * inner;
  const adapted = settings.loraRank > 0 ? adaptedLayers(shape, settings) : [];
  const floats = (side: 'inputs' | 'outputs'): number => adapted.reduce((sum, layer) => sum + layer[side], 0);
  const products = measured.adapterOutputs * floats('outputs');
  const dropped = settings.drops ? 2 * floats('inputs') : 0; // the masks, and what they leave
  return {
    kept,
    besides: kept * measured.backwardShare + products + dropped,
    work: layerFloats(shape) + products,
  };
}

/** Whether the native backend computes a layer in one call; as `hasKnownLayers` of the engine. */
function hasLlamaLayers({ fusedProjections, headNorms, sandwichNorms, activation, layerPlans }: MemoryShape): boolean {
  if (fusedProjections || headNorms || sandwichNorms || activation !== 'silu') return false;
  return layerPlans.every(({ window, rope }) => window === null && rope === 0);
}

interface SamplingPeak {
  /** Bytes of keys and values: of completions, in whole pages, and of prompts. */
  pages: number;
  prompts: number;
  /** The prompts through one layer, the logits of all rows twice. */
  passes: number;
}

function samplingPeak(
  shape: MemoryShape,
  { promptTokens, newTokens }: MemorySettings,
  groups: number,
  generations: number,
): SamplingPeak {
  const own = Math.ceil(newTokens / PAGE_TOKENS) * PAGE_TOKENS;
  const token = 2 * FLOAT * shape.layers * shape.keyValueHeads * shape.headDim;
  return {
    pages: token * groups * generations * own,
    prompts: token * groups * promptTokens, // each prompt once
    passes: FLOAT * (2 * groups * generations * shape.vocabSize + layerFloats(shape) * groups * promptTokens),
  };
}

interface LinearLayer {
  name: string;
  inputs: number;
  outputs: number;
}

/** The linear layers of one layer of the decoder. */
function linearLayers(shape: MemoryShape): LinearLayer[] {
  const { hiddenSize: hidden, intermediateSize: inner, heads, keyValueHeads, headDim, fusedProjections } = shape;
  const [queries, keys] = [heads * headDim, keyValueHeads * headDim];
  const attention = fusedProjections
    ? [{ name: 'qkv_proj', inputs: hidden, outputs: queries + 2 * keys }]
    : [
        { name: 'q_proj', inputs: hidden, outputs: queries },
        { name: 'k_proj', inputs: hidden, outputs: keys },
        { name: 'v_proj', inputs: hidden, outputs: keys },
      ];
  const feedForward = fusedProjections
    ? [{ name: 'gate_up_proj', inputs: hidden, outputs: 2 * inner }]
    : [
        { name: 'gate_proj', inputs: hidden, outputs: inner },
        { name: 'up_proj', inputs: hidden, outputs: inner },
      ];
  return [
    ...attention,
    { name: 'o_proj', inputs: queries, outputs: hidden },
    ...feedForward,
    { name: 'down_proj', inputs: inner, outputs: hidden },
  ];
}

/** The layers that get an adapter. A regular expression, or a path with dots, may name any: it counts as all of them. */
function adaptedLayers(shape: MemoryShape, { loraTargets }: MemorySettings): LinearLayer[] {
  const layers = linearLayers(shape);
  const named = layers.filter(({ name }) => loraTargets.includes(name));
  return named.length === loraTargets.length && named.length > 0 ? named : layers;
}

function adapterWeights(shape: MemoryShape, settings: MemorySettings): number {
  const widths = adaptedLayers(shape, settings).reduce((sum, { inputs, outputs }) => sum + inputs + outputs, 0);
  return shape.layers * settings.loraRank * widths;
}

/** Floats of a token that live while one layer is computed. */
function layerFloats({ hiddenSize, intermediateSize, heads, keyValueHeads, headDim }: MemoryShape): number {
  return 6 * hiddenSize + (3 * heads + 4 * keyValueHeads) * headDim + 3 * intermediateSize;
}
