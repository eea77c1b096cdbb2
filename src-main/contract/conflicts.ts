/** Settings that each are valid and together make no sense; a run with one of them is refused before it starts. */
import type { GrpoConfig } from './config.ts';

export interface Conflict {
  /** The setting to change. */
  field: keyof GrpoConfig;
  /** Why it cannot be, and what to do. */
  message: string;
}

/** @returns every conflict, in the order of the settings */
export function findConflicts(config: GrpoConfig): Conflict[] {
  const conflicts: Conflict[] = [];
  const refuse = (field: keyof GrpoConfig, message: string): void => void conflicts.push({ field, message });
  const { loss_type, beta } = config;

  if (!config.rewards.some(({ enabled, metric_only }) => enabled && !metric_only)) {
    refuse('rewards', 'no rule counts in the reward; enable one that is not metric_only');
  }
  if (config.min_completion_length > config.max_completion_length) {
    refuse(
      'min_completion_length',
      `min_completion_length (${config.min_completion_length}) is above max_completion_length (${config.max_completion_length})`,
    );
  }
  if (config.importance_sampling_level !== 'token' && ['gmpo', 'vespo'].includes(loss_type)) {
    refuse(
      'importance_sampling_level',
      `${loss_type} has a sequence ratio of its own; leave importance_sampling_level at token`,
    );
  }
  if (loss_type === 'luspo' && config.importance_sampling_level !== 'sequence') {
    refuse('importance_sampling_level', 'luspo weighs whole sequences; set importance_sampling_level to sequence');
  }
  if (loss_type === 'cispo' && config.epsilon_high === undefined) {
    refuse('epsilon_high', 'cispo bounds the importance weight by epsilon_high itself; set it (the paper: 5)');
  }
  if (['cispo', 'sapo', 'vespo', 'gmpo'].includes(loss_type)) {
    for (const field of ['delta', 'dual_clip'] as const) {
      if (config[field] !== undefined)
        refuse(field, `${loss_type} does not clip the way ${field} changes; remove ${field}`);
    }
  }
  if (config.delta !== undefined && config.dual_clip !== undefined) {
    refuse('dual_clip', 'delta and dual_clip bound the same terms; keep one of them');
  }
  const highest = 1 + (config.epsilon_high ?? config.epsilon);
  if (config.delta !== undefined && config.delta <= highest) {
    const bound = config.epsilon_high === undefined ? 'epsilon' : 'epsilon_high';
    refuse(
      'delta',
      `delta (${config.delta}) must lie above 1 + ${bound} (${highest}), or it clips what ${bound} lets through`,
    );
  }
  if (beta === 0) {
    const needReference = [
      ['kl_in_reward', config.kl_in_reward],
      ['kl_target', config.kl_target !== undefined],
      ['sync_ref_model', config.sync_ref_model],
      ['use_bias_correction_kl', config.use_bias_correction_kl],
    ] as const;
    for (const [field, set] of needReference) {
      if (set)
        refuse(field, `${field} needs a reference policy, and beta 0 loads none; set beta above 0 or remove ${field}`);
    }
  }
  if (config.sync_ref_model && config.lora_r > 0) {
    const message = 'the reference of an adapter is its frozen base, which cannot follow the policy';
    refuse('sync_ref_model', `${message}; turn off sync_ref_model or set lora_r to 0`);
  }
  if (config.sampler_weights === 'bfloat16') {
    const weights = `sampler_weights ${config.sampler_weights}`;
    if (config.sampler_correction === 'none') {
      const message = `${weights} draws from a distribution that is not quite the policy's, and nothing would make up for it`;
      const remedy = "set sampler_correction (TRL's default is sequence_mask) or sampler_weights float32";
      refuse('sampler_correction', `${message}; ${remedy}`);
    }
    if (config.kl_in_reward) {
      const message = `the KL in the reward is that of the log-probs of sampling, which with ${weights} are not the policy's`;
      refuse('kl_in_reward', `${message}; turn off kl_in_reward or set sampler_weights float32`);
    }
    if (config.load_in_8bit) {
      const message = `${weights} rounds weights that are floats, and load_in_8bit holds them in 8 bits already`;
      refuse('sampler_weights', `${message}; set sampler_weights float32 or turn off load_in_8bit`);
    }
  }
  if (config.kl_in_reward && config.use_bias_correction_kl) {
    refuse(
      'use_bias_correction_kl',
      'the KL in the reward has no gradient to correct; turn off one of kl_in_reward and use_bias_correction_kl',
    );
  }
  if (config.multi_objective_aggregation === 'normalize_then_sum') {
    if (config.scale_rewards !== 'group')
      refuse('scale_rewards', 'normalize_then_sum scales by group; leave scale_rewards at group');
    if (config.advantage_baseline !== 'mean')
      refuse('advantage_baseline', 'normalize_then_sum subtracts group means; leave advantage_baseline at mean');
    if (config.kl_in_reward)
      refuse('kl_in_reward', 'normalize_then_sum works on the rules alone; turn off kl_in_reward');
  }
  if (config.process_supervision !== undefined) {
    if (config.multi_objective_aggregation !== 'sum_then_normalize') {
      const message = 'process_supervision normalises the summed rewards of steps';
      refuse('multi_objective_aggregation', `${message}; leave multi_objective_aggregation at sum_then_normalize`);
    }
    if (config.scale_rewards !== 'group')
      refuse('scale_rewards', 'process_supervision scales by the steps of a group; leave scale_rewards at group');
    if (config.advantage_baseline !== 'mean') {
      const message = 'process_supervision subtracts the mean of the steps of a group';
      refuse('advantage_baseline', `${message}; leave advantage_baseline at mean`);
    }
    if (config.kl_in_reward)
      refuse('kl_in_reward', 'process_supervision rewards steps by the rules alone; turn off kl_in_reward');
  }
  if (config.use_adaptive_entropy && config.entropy_coef_min > config.entropy_coef_max) {
    refuse(
      'entropy_coef_min',
      `entropy_coef_min (${config.entropy_coef_min}) is above entropy_coef_max (${config.entropy_coef_max})`,
    );
  }
  if (config.steps_per_generation > config.prompts_per_step) {
    refuse(
      'steps_per_generation',
      `${config.steps_per_generation} updates cannot share ${config.prompts_per_step} prompts; lower steps_per_generation or raise prompts_per_step`,
    );
  }
  if (config.replay_groups > config.prompts_per_step) {
    refuse(
      'replay_groups',
      `a step of ${config.prompts_per_step} prompts cannot replay ${config.replay_groups} groups; lower replay_groups or raise prompts_per_step`,
    );
  }
  if (config.replay_groups > 0 && config.process_supervision !== undefined) {
    refuse(
      'replay_groups',
      'the reasoning steps of a replayed group are not kept; set replay_groups to 0 or drop process_supervision',
    );
  }
  if (config.replay_groups > config.replay_buffer_size) {
    refuse(
      'replay_buffer_size',
      `a buffer of ${config.replay_buffer_size} groups cannot give ${config.replay_groups} at once; raise replay_buffer_size or lower replay_groups`,
    );
  }
  return conflicts;
}
