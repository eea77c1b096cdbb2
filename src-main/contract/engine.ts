/**
 * The engine process's protocol: the host sends commands, the engine answers with events. Both travel by structured clone
 * (child process with advanced serialization, or a MessagePort), so typed arrays cross as they are.
 */
import type { BackendName, RunConfig } from './config.ts';
import type { DatasetRow } from './dataset.ts';
import type { ErrorRecord } from './errors.ts';

export type EngineCommand =
  | {
      type: 'start';
      run: RunConfig;
      trainRows: DatasetRow[];
      evalRows: DatasetRow[];
      /** Folder of the run; checkpoints go below it, in `checkpoints/step-NNNNNN`. */
      runDirectory: string;
      /** A checkpoint folder to continue from, or null to start anew. */
      resumeFrom: string | null;
    }
  | { type: 'pause' }
  | { type: 'resume' }
  /** Finish the unit of work, save a checkpoint, end as `stopped`. */
  | { type: 'stop' }
  /** Save a checkpoint after the current step, at once while paused, and go on. */
  | { type: 'checkpoint' }
  /** Outside of a run: try every backend, and answer with `backends`. */
  | { type: 'probe' };

/** Why a completion ended: the model's end token, a stop string, or the length limit. */
export type FinishReason = 'eos' | 'stop' | 'length';

/** A part of a completion's text, in UTF-16 units: from `start` up to but not including `end`. */
export interface TextSpan {
  start: number;
  end: number;
}

/** One rule's verdict on one completion. */
export interface RuleScore {
  rule: string;
  /** Before its weight; null: the rule does not apply to this row, or could not be scored. */
  score: number | null;
  /** One sentence that says why. */
  why: string;
  /** The parts of the completion that decided it, where some did. */
  spans?: TextSpan[];
}

export interface CompletionRecord {
  text: string;
  tokens: Int32Array; // [T], the end token included
  finishReason: FinishReason;
  /** Weighted sum of the applicable scores; null when none applies. */
  reward: number | null;
  advantage: number;
  scores: RuleScore[];
  /** Log-probs of `tokens` [T] at the sampling temperature: as sampled, under the old policy, the reference (null: β = 0) and after the last update's forward. */
  samplingLogps: Float32Array;
  oldLogps: Float32Array;
  referenceLogps: Float32Array | null;
  policyLogps: Float32Array;
  /** Entropy in nats of the policy at each token [T]. */
  entropies: Float32Array;
  /** Gradient coefficient of each token at the last pass [T], A + β(π_ref/π − 1) in the plain on-policy case; 0 where the token took no part. */
  coefficients: Float32Array;
}

export interface GroupRecord {
  /** `DatasetRow.index` of the prompt. */
  row: number;
  /** The prompt as the model saw it, chat template applied. */
  prompt: string;
  promptTokens: Int32Array;
  completions: CompletionRecord[];
}

export interface StepRecord {
  /** 1-based; a resumed run goes on counting. */
  step: number;
  /** TRL's metric names (`reward`, `kl`, `completions/mean_length`, `rewards/<name>/mean`, …) and ours; finite numbers only. */
  metrics: Record<string, number>;
  /** GRPO: what was sampled. SFT: empty. */
  groups: GroupRecord[];
}

/** One held-out problem, answered greedily. */
export interface EvaluationSample {
  row: number;
  prompt: string;
  text: string;
  tokens: Int32Array;
  finishReason: FinishReason;
  reward: number | null;
  scores: RuleScore[];
}

export interface EvaluationRecord {
  /** Steps taken when it was made; 0 is before training. */
  step: number;
  /** `reward`, `rewards/<name>/mean`, `accuracy` (mean of the first rule), `completions/mean_length`, … */
  metrics: Record<string, number>;
  samples: EvaluationSample[];
}

export interface EngineInfo {
  backend: Exclude<BackendName, 'auto'>;
  /** What the backend runs on, in words: `AVX-512, 2 threads`. */
  device: string;
  parameters: number;
  /** SHA-256 of the canonical config, as written into checkpoints. */
  configHash: string;
}

/** What the engine computes with on this machine, and why. */
export interface BackendReport {
  /** The one that `auto` takes. */
  name: Exclude<BackendName, 'auto'>;
  device: string;
  /** Every backend, best first. */
  tried: { name: Exclude<BackendName, 'auto'>; available: boolean; device: string | null; why: string }[];
}

export type EngineEvent =
  | { type: 'started'; info: EngineInfo; step: number }
  | {
      type: 'phase';
      phase: 'sampling' | 'scoring' | 'reference' | 'update' | 'evaluation' | 'checkpoint';
      step: number;
    }
  | { type: 'step'; record: StepRecord }
  | { type: 'evaluation'; record: EvaluationRecord }
  | { type: 'checkpoint'; step: number; path: string }
  | { type: 'paused'; step: number }
  | { type: 'resumed'; step: number }
  | { type: 'warning'; step: number; message: string }
  | { type: 'finished'; step: number; reason: 'completed' | 'stopped' }
  | { type: 'failed'; step: number; error: ErrorRecord }
  /** The answer to `probe`; no run's. */
  | { type: 'backends'; report: BackendReport };
