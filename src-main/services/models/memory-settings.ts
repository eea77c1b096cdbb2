/** What of a run's configuration and dataset its memory depends on. */
import type { GrpoConfig, RewardModelConfig, SftConfig } from '../../contract/config.ts';

/** Rows that an evaluation answers together (engine/train/evaluate.ts). */
const EVALUATION_ROWS = 64;

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
  /** Whether it learns from the log-probs of completions. */
  predicts: boolean;
  /** Parts that an update is cut into. */
  microBatches: number;
  /** Whether the engine may cut it into more, so that what one keeps stays small. */
  cutsByMemory: boolean;
  /** Rank of the adapter that is trained; 0 trains all weights. */
  loraRank: number;
  /** Last names of the layers that get an adapter; all when empty. */
  loraTargets: readonly string[];
  int8: boolean;
  /** Whether a training pass drops inputs of the adapter. */
  drops: boolean;
  /** Whether layers keep their inputs alone for the backward pass. */
  recomputes: boolean;
  /** Held-out rows that are answered together; 0 without an evaluation. */
  evaluationRows: number;
  /** Whether there is a reference policy. */
  reference: boolean;
}

type CommonKeys =
  | 'lora_r'
  | 'lora_target_modules'
  | 'lora_dropout'
  | 'load_in_8bit'
  | 'gradient_accumulation_steps'
  | 'gradient_checkpointing'
  | 'eval_dataset'
  | 'eval_samples';
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

/** With `gradient_checkpointing: auto`, the settings of layers that keep everything. */
export function memorySettings(run: MemoryRun, { promptTokens, completionTokens }: RowTokens): MemorySettings {
  const { config } = run;
  const common = {
    promptTokens,
    loraRank: config.lora_r,
    loraTargets: config.lora_target_modules,
    int8: config.load_in_8bit,
    drops: config.lora_dropout > 0,
    recomputes: config.gradient_checkpointing === true,
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
      predicts: true,
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
    predicts: run.type === 'sft',
    microBatches: config.gradient_accumulation_steps,
    cutsByMemory: false,
    reference: false,
  };
}
