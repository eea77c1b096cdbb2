/** Models of the library as interfaces show them, and what a run of one takes in memory. */
import type { ErrorRecord } from './errors.ts';

/** The sizes of a decoder that its memory depends on. */
export interface ModelShape {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  tiedHead: boolean;
  /** Layers for queries, keys and values in one, and for gate and up in one. */
  fusedProjections: boolean;
}

/** Where a model of the library came from. */
export interface ModelOrigin {
  /** The folder it was copied from or is used in, or its id on the Hugging Face Hub. */
  source: string;
  /** Commit on the Hub; null for a folder. */
  revision: string | null;
  addedAt: string; // ISO 8601
}

/** What an adapter stands on. */
export interface AdapterFacts {
  /** The base model as adapter_config.json names it. */
  base: string;
  rank: number;
  /** The layers it changes; `all-linear`, or a regular expression, is one entry. */
  targetModules: string[];
}

/** What can be told of a model without loading it. */
export interface ModelFacts {
  kind: 'language_model' | 'reward_model' | 'adapter';
  /** `model_type` of its config; null for an adapter. */
  family: string | null;
  /** The class in transformers; null when the config names none. */
  architecture: string | null;
  /** Number of weights, a tied head counted once; an adapter's own. */
  parameters: number;
  /** Stored formats (F32, F16, BF16), the one with the most bytes first. */
  dtypes: string[];
  /** Longest sequence in tokens; null for an adapter. */
  contextLength: number | null;
  /** Rows of the embedding; null for an adapter. */
  vocabulary: number | null;
  /** Texts of the tokens that end a completion. */
  endTokens: string[];
  /** A short conversation through the chat template; null without a template. */
  templatePreview: string | null;
  /** null unless it is an adapter. */
  adapter: AdapterFacts | null;
  /** null for an adapter. */
  shape: ModelShape | null;
}

/** A model of the library. */
export interface ModelCard {
  /** Its name in the library, by which a run config may name it. */
  name: string;
  /** Absolute path of the folder with its files. */
  folder: string;
  /** Whether the folder is used where it lies, outside of the library. */
  linked: boolean;
  origin: ModelOrigin;
  /** Bytes of all files in the folder. */
  bytes: number;
  /** As the model's README.md or LICENSE names it; null when neither does. */
  licence: string | null;
  /** null when the model cannot be used any more: `problem` says why. */
  facts: ModelFacts | null;
  problem: ErrorRecord | null;
  /** Runs that began from it, and adapters of the library that stand on it, by name. */
  usedBy: { runs: { id: string; name: string }[]; adapters: string[] };
}

/** A model that the Hugging Face libraries keep on this disk. */
export interface CachedModel {
  /** Its id on the Hub. */
  id: string;
  /** Commit of the snapshot. */
  revision: string;
  /** Branches and tags that point to it. */
  references: string[];
  folder: string;
  bytes: number;
  /** Why it cannot be read; null when it can. */
  problem: string | null;
}

/** Bytes of the engine process at its peak, by what holds them. */
export interface MemoryEstimate {
  weights: number;
  gradients: number;
  optimizer: number;
  /** A copy of the weights as the reference policy; 0 with an adapter or without one. */
  reference: number;
  /** Keys and values of prompts and completions while they are sampled. */
  kvCache: number;
  /** What a pass computes between its layers; the pass that takes most. */
  activations: number;
  /** Node, TensorFlow.js, the tokenizer and the rows. */
  runtime: number;
  /** At the peak: sampling and updating do not happen at the same time, so this is less than the sum. */
  total: number;
}

/** Settings with which a run would fit. */
export interface MemorySuggestion {
  settings: Record<string, number | boolean>;
  /** Bytes it would then take. */
  total: number;
}

export interface MemoryCheck {
  estimate: MemoryEstimate;
  /** Bytes that this machine can give to the run now. */
  available: number;
  fits: boolean;
  /** Whether the estimate is of layers that are computed again for their gradients. */
  recomputes: boolean;
  /** The smallest changes first; empty when it fits, or when nothing would make it fit. */
  suggestions: MemorySuggestion[];
}
