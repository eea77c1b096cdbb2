/** Configuration of a run. Keys carry TRL's names wherever TRL has one; the defaults are the `paper` setting (DeepSeekMath §4.1). */
import { z } from 'zod';
import { presetNames } from './presets.ts';
import { rewardRuleSchema, type RewardRule } from './reward-rules.ts';

export const backendNames = ['auto', 'native', 'tensorflow', 'cpu'] as const;

export type BackendName = (typeof backendNames)[number];

const common = {
  model: z
    .string()
    .min(1)
    .describe('folder of a Hugging Face checkpoint: config.json, model.safetensors, tokenizer.json'),
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
  gradient_checkpointing: z
    .literal([true, false, 'auto'])
    .default('auto')
    .describe(
      'a layer keeps its input alone and is computed again for its gradient: less memory, an update takes up to a third longer, the same numbers; auto: where memory is short',
    ),
  save_steps: z.int().nonnegative().default(50).describe('steps between checkpoints; 0 saves at the end only'),
  save_total_limit: z.int().positive().default(2).describe('newest checkpoints kept'),
  eval_steps: z.int().nonnegative().default(0).describe('steps between evaluations; 0 evaluates before and after only'),
  eval_samples: z.int().positive().default(256).describe('held-out rows an evaluation uses, from the top of the file'),
};

/** Settings of an adapter that is trained instead of all weights. */
const lora = {
  lora_r: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'rank of a LoRA adapter to train over frozen weights; 0 trains all weights, or further the adapter that model is',
    ),
  lora_alpha: z.number().positive().default(32).describe('the adapter is scaled by lora_alpha ÷ lora_r'),
  lora_dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of the adapter's inputs that a training pass drops; sampling and the reference drop none"),
  lora_target_modules: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'linear layers that get an adapter, by the end of their path, such as q_proj, or one regular expression for whole paths; all of them when empty or all-linear',
    ),
  use_rslora: z.boolean().default(false).describe('scales the adapter by lora_alpha ÷ √lora_r instead'),
  load_in_8bit: z
    .boolean()
    .default(false)
    .describe('holds the frozen weights below an adapter as 8-bit integers, a quarter of their memory'),
};

const sampling = {
  max_completion_length: z.int().positive().default(256).describe('new tokens at most'),
  min_completion_length: z
    .int()
    .nonnegative()
    .default(0)
    .describe('new tokens at least: the end token cannot be drawn before; TRL: generation_kwargs.min_new_tokens'),
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
  ...lora,
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
  preset: z
    .enum(presetNames)
    .default('paper')
    .describe('settings of a paper, taken where this config says nothing: ' + presetNames.join(', ')),

  loss_type: z
    .enum(['grpo', 'bnpo', 'dr_grpo', 'dapo', 'cispo', 'sapo', 'luspo', 'vespo', 'gmpo'])
    .default('grpo')
    .describe('how token terms are bounded and averaged'),
  importance_sampling_level: z
    .enum(['token', 'sequence', 'sequence_token'])
    .default('token')
    .describe('unit of the probability ratio; sequence: GSPO, sequence_token: GSPO-token'),
  epsilon_high: z
    .number()
    .positive()
    .optional()
    .describe('upper clip range, where it differs from epsilon (clip-higher)'),
  delta: z.number().gt(1).optional().describe('upper bound of the ratio for negative advantages (two-sided clipping)'),
  dual_clip: z
    .number()
    .gt(1)
    .optional()
    .describe('c of dual clipping: a negative term is at least c times the advantage'),
  top_entropy_quantile: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('share of the tokens, those of highest entropy, whose policy term counts'),
  off_policy_mask_threshold: z
    .number()
    .positive()
    .optional()
    .describe(
      'completions with a negative advantage drop out when the policy has moved further than this from the old one',
    ),
  mask_truncated_completions: z
    .boolean()
    .default(false)
    .describe('leaves completions that hit the length limit out of the loss'),
  sampler_weights: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe(
      'precision of the matrices that completions are sampled with; bfloat16 takes half the memory, is faster on processors that multiply it (AVX-512 BF16), and draws from a slightly different distribution, which needs a sampler_correction',
    ),
  sampler_correction: z
    .enum(['none', 'token_truncate', 'token_mask', 'sequence_truncate', 'sequence_mask'])
    .default('none')
    .describe('importance weights for a sampler that differs from the trainer; TRL: vllm_importance_sampling_mode'),
  sampler_correction_max: z.number().positive().default(3).describe('upper bound of those weights'),
  sapo_temperature_pos: z.number().positive().default(1).describe('SAPO: gate temperature for positive advantages'),
  sapo_temperature_neg: z.number().positive().default(1.05).describe('SAPO: gate temperature for negative advantages'),
  vespo_k_pos: z.number().positive().default(2),
  vespo_lambda_pos: z.number().positive().default(3),
  vespo_k_neg: z.number().positive().default(3),
  vespo_lambda_neg: z.number().positive().default(2),

  entropy_coef: z.number().default(0).describe('weight of the entropy bonus'),
  use_adaptive_entropy: z
    .boolean()
    .default(false)
    .describe('moves entropy_coef towards entropy_target after each step'),
  entropy_target: z.number().positive().default(0.2).describe('entropy in nats below which the adaptive bonus acts'),
  entropy_coef_delta: z.number().positive().default(0.005).describe('step of the adaptive coefficient'),
  entropy_coef_min: z.number().nonnegative().default(0),
  entropy_coef_max: z.number().positive().default(1),

  kl_estimator: z.enum(['k1', 'k2', 'k3']).default('k3').describe('estimator of the KL divergence from the reference'),
  use_bias_correction_kl: z.boolean().default(false).describe('multiplies the KL estimate by the ratio'),
  kl_in_reward: z.boolean().default(false).describe('takes β·KL off the reward instead of adding it to the loss'),
  kl_target: z.number().positive().optional().describe('β follows the measured KL towards this, in nats a token'),
  sync_ref_model: z.boolean().default(false).describe('moves the reference towards the policy during the run'),
  ref_model_sync_steps: z.int().positive().default(512).describe('steps between two such moves'),
  ref_model_mixup_alpha: z
    .number()
    .gt(0)
    .max(1)
    .default(0.6)
    .describe('share of the policy in the new reference; 1 replaces it (iterative GRPO)'),

  scale_rewards: z
    .enum(['group', 'batch', 'none'])
    .default('group')
    .describe('standard deviation that divides the advantages'),
  advantage_baseline: z
    .enum(['mean', 'leave_one_out', 'none'])
    .default('mean')
    .describe('what is subtracted from a reward: the mean of its group, of the others (RLOO), or nothing'),
  multi_objective_aggregation: z
    .enum(['sum_then_normalize', 'normalize_then_sum'])
    .default('sum_then_normalize')
    .describe('whether rules are summed before or after they are normalised (GDPO)'),
  process_supervision: z
    .string()
    .min(1)
    .optional()
    .describe(
      'text that ends a reasoning step, such as a line break: each step is rewarded by what it adds; absent: outcome supervision',
    ),

  steps_per_generation: z
    .int()
    .positive()
    .default(1)
    .describe('optimizer updates that one batch of samples is cut into'),
  dynamic_sampling: z
    .boolean()
    .default(false)
    .describe('drops groups whose first rule scored all completions alike and samples further prompts instead (DAPO)'),
  dynamic_sampling_rounds: z.int().positive().default(3).describe('times that further prompts are sampled in a step'),
  replay_groups: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'groups of a step, of those whose first rule scored all completions alike, that earlier ones of high reward variance replace; 0 keeps none',
    ),
  replay_buffer_size: z.int().positive().default(64).describe('groups kept for that, those of the highest variance'),
  curriculum: z
    .boolean()
    .default(false)
    .describe('prefers prompts whose measured pass rate is near one half, out of the next 4 for each that is drawn'),
});

export type GrpoConfig = z.infer<typeof grpoConfigSchema>;

export const sftConfigSchema = z.strictObject({
  ...common,
  ...lora,
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

export const rewardModelConfigSchema = z.strictObject({
  ...common,
  ...lora,
  model: z
    .string()
    .min(1)
    .describe('folder of a language model, which gets a new head, or of a reward model to train further'),
  dataset: z
    .string()
    .min(1)
    .describe('JSONL file of ranked rows (prompt, chosen, rejected) or scored ones (prompt, completion, score)'),
  learning_rate: z.number().positive().default(1e-4).describe('peak learning rate'),
  batch_size: z.int().positive().default(32).describe('rows per optimizer step'),
});

export type RewardModelConfig = z.infer<typeof rewardModelConfigSchema>;

/** A run's whole configuration, told apart by `type`. */
export type RunConfig =
  | { type: 'grpo'; config: GrpoConfig }
  | { type: 'sft'; config: SftConfig }
  | { type: 'reward_model'; config: RewardModelConfig };

/** The reward rules of a run; a reward model is trained without any. */
export function rewardRulesOf(run: RunConfig): RewardRule[] {
  return run.type === 'reward_model' ? [] : run.config.rewards;
}

export type RunType = RunConfig['type'];

export type SamplerWeights = GrpoConfig['sampler_weights'];

/** Sampling settings as the sampler takes them. */
export type SamplingConfig = Pick<GrpoConfig, keyof typeof sampling>;
