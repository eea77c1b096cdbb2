/**
 * How much memory the engine process takes at its peak, from a model's sizes and a run's settings. The formulas follow what the engine
 * keeps on the native backend; the numbers that were measured stand in `measured`, and `npm run -s bench:memory` measures them again.
 */
import type { GrpoConfig, RewardModelConfig, SftConfig } from '../../contract/config.ts';
import type { MemoryEstimate, ModelShape } from '../../contract/models.ts';

/** What was measured on x64 Linux with Node 24, and is not to be read off the code. */
const measured = {
  /** Node, TensorFlow.js, the tokenizer, the rows of a small dataset. */
  runtimeBytes: 160 * 2 ** 20,
  /** What the backward pass holds for each float that the forward pass keeps. */
  backwardShare: 0.22,
  /** What the two products of an adapter add, for each float that the adapted layer gives. */
  adapterOutputs: 2.6,
  /** Gradients that live at once while those of micro-batches are added up. */
  accumulatedGradients: 2.4,
  /** What the allocator holds beyond what is used of activations. */
  fragmentation: 0.05,
};

/** The engine cuts an update into more micro-batches than the config asks for when what one keeps would be more than this. */
const ACTIVATION_LIMIT = 320 * 2 ** 20;

/** Rows that an evaluation answers together (engine/train/evaluate.ts). */
const EVALUATION_ROWS = 64;

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
  /** Tokens of a completion that the policy learns from, at most. */
  completionTokens: number;
  /** Tokens of a completion that is sampled, at most. */
  newTokens: number;
  /** Whether completions are sampled to learn from. */
  samples: boolean;
  /** Parts that an update is cut into. */
  microBatches: number;
  /** Whether the engine may cut it into more, so that what one keeps stays small. */
  cutsByMemory: boolean;
  /** Rank of the adapter that is trained; 0 trains all weights. */
  loraRank: number;
  /** Last names of the layers that get an adapter; all when empty. */
  loraTargets: readonly string[];
  int8: boolean;
  /** Held-out rows that are answered together; 0 without an evaluation. */
  evaluationRows: number;
  /** Whether there is a reference policy. */
  reference: boolean;
}

type CommonKeys =
  'lora_r' | 'lora_target_modules' | 'load_in_8bit' | 'gradient_accumulation_steps' | 'eval_dataset' | 'eval_samples';
type GrpoKeys =
  | 'prompts_per_step'
  | 'num_generations'
  | 'max_completion_length'
  | 'steps_per_generation'
  | 'beta'
  | 'top_entropy_quantile';

/** The part of a run's configuration that its memory depends on. */
export type MemoryRun =
  | { type: 'grpo'; config: Pick<GrpoConfig, CommonKeys | GrpoKeys> }
  | { type: 'sft'; config: Pick<SftConfig, CommonKeys | 'batch_size' | 'max_completion_length'> }
  | { type: 'reward_model'; config: Pick<RewardModelConfig, CommonKeys | 'batch_size'> };

/** Tokens of the dataset's rows, on average. */
export interface RowTokens {
  promptTokens: number;
  /** Of completions that stand in the dataset; not used where they are sampled. */
  completionTokens: number;
}

export function memorySettings(run: MemoryRun, { promptTokens, completionTokens }: RowTokens): MemorySettings {
  const { config } = run;
  const common = {
    promptTokens,
    loraRank: config.lora_r,
    loraTargets: config.lora_target_modules,
    int8: config.load_in_8bit,
    evaluationRows:
      run.type === 'reward_model' || config.eval_dataset === undefined
        ? 0
        : Math.min(config.eval_samples, EVALUATION_ROWS),
  };
  if (run.type === 'grpo') {
    const { prompts_per_step, num_generations, max_completion_length, steps_per_generation } = run.config;
    return {
      ...common,
      groups: prompts_per_step,
      generations: num_generations,
      completionTokens: max_completion_length,
      newTokens: max_completion_length,
      samples: true,
      microBatches: config.gradient_accumulation_steps * steps_per_generation,
      cutsByMemory: run.config.top_entropy_quantile === 1,
      reference: run.config.beta > 0,
    };
  }
  return {
    ...common,
    groups: run.config.batch_size,
    generations: 1,
    completionTokens,
    newTokens: run.type === 'sft' ? run.config.max_completion_length : 0,
    samples: false,
    microBatches: config.gradient_accumulation_steps,
    cutsByMemory: false,
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
  const kept = settings.groups * tokensPerGroup * keptPerToken;
  const byMemory = settings.cutsByMemory ? Math.ceil(kept / ACTIVATION_LIMIT) : 1;
  const parts = Math.min(settings.groups, Math.max(settings.microBatches, byMemory));
  const batchTokens = Math.ceil(settings.groups / parts) * tokensPerGroup;
  const gradients = FLOAT * trained * (parts > 1 ? measured.accumulatedGradients : 1);
  const workFloats =
    keptFloats(shape) * (1 + measured.backwardShare) + measured.adapterOutputs * adaptedOutputs(shape, settings);
  const updating = FLOAT * shape.layers * workFloats * batchTokens * (1 + measured.fragmentation);

  const step = settings.samples ? samplingPeak(shape, settings, settings.groups, settings.generations) : null;
  const evaluation = settings.evaluationRows > 0 ? samplingPeak(shape, settings, settings.evaluationRows, 1) : null;
  const sampling = [step, evaluation].filter((peak) => peak !== null);
  const kvCache = Math.max(0, ...sampling.map((peak) => peak.cache));
  const passes = Math.max(0, ...sampling.map((peak) => peak.passes));
  // Decoding packs the weights for products with few rows, and keeps them until the next garbage collection.
  const packed = sampling.length > 0 && !settings.int8 ? FLOAT * (linearWeights + vocabSize * hiddenSize) : 0;

  const runtime = measured.runtimeBytes;
  const held = runtime + weights + adapter + optimizer + reference + packed;
  const estimate = {
    weights: weights + adapter,
    gradients,
    optimizer,
    reference,
    kvCache,
    activations: packed + Math.max(passes, updating),
    runtime,
    total: held + Math.max(kvCache + passes, gradients + updating),
  };
  for (const key of Object.keys(estimate) as (keyof MemoryEstimate)[]) estimate[key] = Math.round(estimate[key]);
  return estimate;
}

/** Bytes of a rollout: its cache of keys and values, and its passes (the prompts through one layer, the logits of all rows twice). */
function samplingPeak(
  shape: ModelShape,
  { promptTokens, newTokens }: MemorySettings,
  groups: number,
  generations: number,
): { cache: number; passes: number } {
  const own = Math.ceil(newTokens / PAGE_TOKENS) * PAGE_TOKENS;
  const cached = groups * (promptTokens + generations * own); // each prompt once, completions in whole pages
  return {
    cache: 2 * FLOAT * shape.layers * shape.keyValueHeads * shape.headDim * cached,
    passes: FLOAT * (2 * groups * generations * shape.vocabSize + layerFloats(shape) * groups * promptTokens),
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
