/** What a family of decoders is here: the keys of its config.json, and its differences from Llama's decoder. */
import type { z } from 'zod';
import type { ConfigFile } from '../config-keys.ts';
import type { RopeParameters } from '../rope-parameters.ts';

/** What the shared decoder (decoder.ts) asks about a model besides its sizes. The values given are Llama's. */
export interface DecoderTraits {
  /** Biases of the projections to queries, keys and values: as `attention_bias` says. */
  queryKeyValueBias: boolean;
  /** Bias of the projection after attention: as `attention_bias` says. */
  outputBias: boolean;
  /** Biases of the feed-forward layer: as `mlp_bias` says. */
  mlpBias: boolean;
  /** One layer `qkv_proj` and one `gate_up_proj` in the place of three and two: false. */
  fusedProjections: boolean;
  /** Norms over each head of queries and keys, `q_norm` and `k_norm`: false. */
  headNorms: boolean;
  /** Norms also after attention and after the feed-forward layer, before they are added: false. */
  sandwichNorms: boolean;
  /** What is added to every norm's weight: 0. */
  normOffset: 0 | 1;
  /** Activation of the gate: as `hidden_act` says, "silu". */
  activation: string;
  /** What embeddings are multiplied by: 1. */
  embeddingScale: number;
  /** What attention scores are multiplied by: 1 / √headDim. */
  attentionScale: number;
  /** For each layer, how many positions a token sees; null: all. */
  windows: readonly (number | null)[];
  /** For each layer its rotary embedding, or null where positions are not encoded: one for all layers. */
  ropes: readonly (RopeParameters | null)[];
}

/** What a family may ask while it reads a config. */
export interface ReadingContext {
  headDim: number;
  /** Reads the rotary embedding of `rope_scaling` or `rope_parameters` with what stands beside them. */
  rope(options?: Partial<RopeOptions>): RopeParameters;
  /** Ends reading with `model_unsupported`. */
  refuse: (field: string, message: string) => never;
  /** Ends reading with `model_invalid`. */
  invalid: (field: string, message: string) => never;
}

export interface RopeOptions {
  /** The entry itself, for families that keep theirs elsewhere, and the field that holds it. */
  entry: unknown;
  field: string;
  theta: number;
  originalPositions: number | null;
  partialFactor: number;
}

export interface Family<Keys extends z.ZodRawShape = z.ZodRawShape> {
  /** `model_type` in config.json. */
  modelType: string;
  /** Names of its classes in transformers, as `architectures` gives them. */
  languageModel: string;
  rewardModel: string;
  /** What transformers takes for keys that are absent, where that differs from Llama's. */
  defaults: Readonly<Record<string, unknown>>;
  /** Keys of config.json that are the family's own. */
  keys: Keys;
  /** Where the decoder differs from Llama's. */
  differences(file: ConfigFile & z.infer<z.ZodObject<Keys>>, context: ReadingContext): Partial<DecoderTraits>;
}

/** The family as it is; it lets TypeScript see the types of its own keys. */
export function family<Keys extends z.ZodRawShape>(description: Family<Keys>): Family<Keys> {
  return description;
}
