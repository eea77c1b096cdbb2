/** Configuration of a run. Keys carry TRL's names wherever TRL has one; the defaults are the `paper` setting (DeepSeekMath §4.1). */
import { z } from 'zod';
import { rewardRuleSchema } from './reward-rules.ts';

export const backendNames = ['auto', 'native', 'tensorflow', 'cpu'] as const;

export type BackendName = (typeof backendNames)[number];

const common = {
  model: z.string().min(1).describe('folder of a Hugging Face checkpoint: config.json, *.safetensors, tokenizer.json'),
  dataset: z.string().min(1).describe('JSONL file to train on'),
  eval_dataset: z.string().min(1).optional().describe('JSONL file held out for evaluation'),
  name: z.string().min(1).optional().describe('a name for the run; made from its type and time when absent'),
  seed: z.int().nonnegative().default(1).describe('seeds data order and sampling'),
  backend: z.enum(backendNames).default('auto').describe('tensor backend'),
  max_steps: z.int().positive().default(100).describe('optimizer steps (GRPO: generation batches) to run'),
  learning_rate: z.number().positive().default(1e-6).describe('peak learning rate'),
  lr_scheduler_type: z.enum(['constant', 'linear', 'cosine']).default('constant').describe('decay after warm-up'),
  warmup_steps: z.int().nonnegative().default(0).describe('steps of linear warm-up'),
  weight_decay: z
    .number()
    .nonnegative()
    .default(0)
    .describe('decoupled weight decay of matrices (never of norms and biases)'),
  adam_beta1: z.number().min(0).lt(1).default(0.9),
  adam_beta2: z.number().min(0).lt(1).default(0.999),
  adam_epsilon: z.number().positive().default(1e-8),
  max_grad_norm: z
    .number()
    .nonnegative()
    .default(1)
    .describe('global gradient norm is clipped to this; 0 turns clipping off'),
  gradient_accumulation_steps: z
    .int()
    .positive()
    .default(1)
    .describe('micro-batches that one optimizer update is split into, to save memory'),
  save_steps: z.int().nonnegative().default(50).describe('steps between checkpoints; 0 saves at the end only'),
  save_total_limit: z.int().positive().default(2).describe('newest checkpoints kept'),
  eval_steps: z.int().nonnegative().default(0).describe('steps between evaluations; 0 evaluates before and after only'),
  eval_samples: z.int().positive().default(256).describe('held-out rows an evaluation uses, from the top of the file'),
};

const sampling = {
  max_completion_length: z.int().positive().default(256).describe('new tokens at most'),
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe('divides the logits, in sampling and in the log-probs of the loss'),
  top_k: z.int().nonnegative().default(0).describe('keeps the k likeliest tokens; 0 keeps all'),
  top_p: z.number().gt(0).max(1).default(1).describe('keeps the likeliest tokens whose probabilities sum to p'),
  min_p: z.number().min(0).max(1).default(0).describe('drops tokens below this share of the likeliest one'),
  repetition_penalty: z
    .number()
    .positive()
    .default(1)
    .describe('divides positive and multiplies negative logits of tokens seen before'),
  stop: z.array(z.string().min(1)).default([]).describe('strings that end a completion'),
};

export const grpoConfigSchema = z.strictObject({
  ...common,
  ...sampling,
  rewards: z.array(rewardRuleSchema).min(1).describe('rules whose weighted sum is the reward'),
  num_generations: z.int().min(2).default(8).describe('completions per prompt: the group size G'),
  prompts_per_step: z
    .int()
    .positive()
    .default(8)
    .describe('prompts sampled per step; TRL: generation_batch_size ÷ num_generations'),
  num_iterations: z.int().positive().default(1).describe('updates per batch of samples: μ'),
  beta: z.number().nonnegative().default(0.04).describe('weight of the KL penalty; 0 loads no reference policy'),
  epsilon: z.number().positive().lt(1).default(0.2).describe('clip range of the probability ratio'),
});

export type GrpoConfig = z.infer<typeof grpoConfigSchema>;

export const sftConfigSchema = z.strictObject({
  ...common,
  ...sampling,
  learning_rate: z.number().positive().default(2e-5).describe('peak learning rate'),
  /** Scored at evaluation only. */
  rewards: z.array(rewardRuleSchema).default([]).describe('rules scored at evaluation'),
  batch_size: z.int().positive().default(32).describe('rows per optimizer step'),
  completion_column: z.string().default('completion').describe('column that holds the text to learn'),
  init_from_config: z
    .boolean()
    .default(false)
    .describe('start from random weights of the shape in config.json instead of model.safetensors'),
});

export type SftConfig = z.infer<typeof sftConfigSchema>;

/** A run's whole configuration, told apart by `type`. */
export type RunConfig = { type: 'grpo'; config: GrpoConfig } | { type: 'sft'; config: SftConfig };

export type RunType = RunConfig['type'];

/** Sampling settings as the sampler takes them. */
export type SamplingConfig = Pick<GrpoConfig, keyof typeof sampling>;
