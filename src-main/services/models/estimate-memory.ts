/**
 * How much memory the engine process takes at its peak, from a model's sizes and a run's settings. The formulas follow what the engine
 * keeps on the native backend; the numbers that were measured stand in `measured`, and `npm run -s bench:memory` measures them again.
 */
import type { GrpoConfig, RewardModelConfig, SftConfig } from '../../contract/config.ts';
import type { MemoryEstimate, ModelShape } from '../../contract/models.ts';

/** What was measured on x64 Linux with Node 24, and is not to be read off the code. */
const measured = {
  /** Node, TensorFlow.js, the tokenizer, the rows of a small dataset. */
  runtimeBytes: 130 * 2 ** 20,
  /** What the backward pass holds for each float that the forward pass keeps. */
  backwardShare: 0.22,
  /** What the two products of an adapter add, for each float that the adapted layer gives. */
  adapterOutputs: 2.6,
  /** Gradients that live at once while those of micro-batches are added up. */
  accumulatedGradients: 2.4,
  /** What the allocator holds beyond what is used of activations. */
  fragmentation: 0.35,
};

/** The engine cuts an update into more micro-batches than the config asks for when what one keeps would be more than this. */
const ACTIVATION_LIMIT = 320 * 2 ** 20;

/** Tokens of a page of the cache. */
const PAGE_TOKENS = 32;

const FLOAT = 4; // bytes

/** What a run's memory depends on besides its model. */
export interface MemorySettings {
  /** Sequences that are sampled or read together, in groups that share a prompt. */
  groups: number;
  /** Completions of a group; 1 where nothing is sampled. */
  generations: number;
  promptTokens: number;
  completionTokens: number;
  /** Whether completions are sampled. */
  samples: boolean;
  /** Parts that an update is cut into. */
  microBatches: number;
  /** Rank of the adapter that is trained; 0 trains all weights. */
  loraRank: number;
  /** Last names of the layers that get an adapter; all when empty. */
  loraTargets: readonly string[];
  int8: boolean;
  /** Whether there is a reference policy. */
  reference: boolean;
}

type CommonKeys = 'lora_r' | 'lora_target_modules' | 'load_in_8bit' | 'gradient_accumulation_steps';
type GrpoKeys = 'prompts_per_step' | 'num_generations' | 'max_completion_length' | 'steps_per_generation' | 'beta';

/** The part of a run's configuration that its memory depends on. */
export type MemoryRun =
  | { type: 'grpo'; config: Pick<GrpoConfig, CommonKeys | GrpoKeys> }
  | { type: 'sft'; config: Pick<SftConfig, CommonKeys | 'batch_size' | 'max_completion_length'> }
  | { type: 'reward_model'; config: Pick<RewardModelConfig, CommonKeys | 'batch_size'> };

/** @param promptTokens tokens of a prompt, on average */
export function memorySettings(run: MemoryRun, promptTokens: number): MemorySettings {
  const { config } = run;
  const common = {
    promptTokens,
    loraRank: config.lora_r,
    loraTargets: config.lora_target_modules,
    int8: config.load_in_8bit,
  };
  if (run.type === 'grpo') {
    const { prompts_per_step, num_generations, max_completion_length, steps_per_generation, beta } = run.config;
    return {
      ...common,
      groups: prompts_per_step,
      generations: num_generations,
      completionTokens: max_completion_length,
      samples: true,
      microBatches: config.gradient_accumulation_steps * steps_per_generation,
      reference: beta > 0,
    };
  }
  return {
    ...common,
    groups: run.config.batch_size,
    generations: 1,
    // A reward model reads completions of the dataset, which are about as long as their prompts.
    completionTokens: run.type === 'sft' ? run.config.max_completion_length : promptTokens,
    samples: false,
    microBatches: config.gradient_accumulation_steps,
    reference: false,
  };
}

/** @returns bytes by what holds them at the peak of the process */
export function estimateMemory(shape: ModelShape, settings: MemorySettings): MemoryEstimate {
  const layers = linearLayers(shape);
  const linearWeights = shape.layers * layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  const { vocabSize, hiddenSize } = shape;
  const otherWeights = vocabSize * hiddenSize * (shape.tiedHead ? 1 : 2) + (2 * shape.layers + 1) * hiddenSize;
  const trained = settings.loraRank > 0 ? adapterWeights(shape, settings) : linearWeights + otherWeights;

  const weights = (settings.int8 ? linearWeights : FLOAT * linearWeights) + FLOAT * otherWeights;
  const adapter = settings.loraRank > 0 ? FLOAT * trained : 0;
  const optimizer = 2 * FLOAT * trained;
  const reference = settings.reference && settings.loraRank === 0 ? FLOAT * (linearWeights + otherWeights) : 0;

  const tokensPerGroup = settings.promptTokens + settings.generations * settings.completionTokens;
  const keptPerToken = FLOAT * shape.layers * keptFloats(shape);
  const byMemory = Math.ceil((settings.groups * tokensPerGroup * keptPerToken) / ACTIVATION_LIMIT);
  const parts = Math.min(settings.groups, Math.max(settings.microBatches, byMemory));
  const batchTokens = Math.ceil(settings.groups / parts) * tokensPerGroup;
  const gradients = FLOAT * trained * (parts > 1 ? measured.accumulatedGradients : 1);
  const workFloats = keptFloats(shape) * (1 + measured.backwardShare) + measured.adapterOutputs * adaptedOutputs(shape, settings);
  const updating = FLOAT * shape.layers * workFloats * batchTokens * (1 + measured.fragmentation);

  const kvCache = settings.samples ? cacheBytes(shape, settings) : 0;
  // Decoding packs the weights for products with few rows, and keeps them until the next garbage collection.
  const packed = settings.samples ? FLOAT * (linearWeights + vocabSize * hiddenSize) : 0;
  const rows = settings.groups * settings.generations;
  const sampling = settings.samples ? FLOAT * 2 * rows * vocabSize + FLOAT * layerFloats(shape) * settings.groups * settings.promptTokens : 0;

  const runtime = measured.runtimeBytes;
  const held = runtime + weights + adapter + optimizer + reference + packed;
  return {
    weights: weights + adapter,
    gradients,
    optimizer,
    reference,
    kvCache,
    activations: packed + Math.max(sampling, updating),
    runtime,
    total: held + Math.max(kvCache + sampling, gradients + updating),
  };
}

interface LinearLayer {
  name: string;
  inputs: number;
  outputs: number;
}

/** The linear layers of one layer of the decoder. */
function linearLayers(shape: ModelShape): LinearLayer[] {
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
function adaptedLayers(shape: ModelShape, { loraTargets }: MemorySettings): LinearLayer[] {
  const layers = linearLayers(shape);
  const named = layers.filter(({ name }) => loraTargets.includes(name));
  return named.length === loraTargets.length && named.length > 0 ? named : layers;
}

function adapterWeights(shape: ModelShape, settings: MemorySettings): number {
  const widths = adaptedLayers(shape, settings).reduce((sum, { inputs, outputs }) => sum + inputs + outputs, 0);
  return shape.layers * settings.loraRank * widths;
}

/** Floats that the adapted linear layers of one layer give for a token. */
function adaptedOutputs(shape: ModelShape, settings: MemorySettings): number {
  if (settings.loraRank === 0) return 0;
  return adaptedLayers(shape, settings).reduce((sum, { outputs }) => sum + outputs, 0);
}

/** Floats of a token and layer that the backward pass needs: inputs of norms and products, queries, keys, values, gate and up. */
function keptFloats({ hiddenSize, intermediateSize, heads, keyValueHeads, headDim }: ModelShape): number {
  return 4 * hiddenSize + (2 * heads + 2 * keyValueHeads) * headDim + 3 * intermediateSize;
}

/** Floats of a token that live while one layer is computed. */
function layerFloats({ hiddenSize, intermediateSize, heads, keyValueHeads, headDim }: ModelShape): number {
  return 6 * hiddenSize + (3 * heads + 4 * keyValueHeads) * headDim + 3 * intermediateSize;
}

/** Keys and values of the prompts, once for each group, and of all completions in whole pages. */
function cacheBytes(shape: ModelShape, settings: MemorySettings): number {
  const { groups, generations, promptTokens, completionTokens } = settings;
  const own = Math.ceil(completionTokens / PAGE_TOKENS) * PAGE_TOKENS;
  const tokens = groups * (promptTokens + generations * own);
  return 2 * FLOAT * shape.layers * shape.keyValueHeads * shape.headDim * tokens;
}
