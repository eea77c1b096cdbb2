import { describe, expect, test } from 'vitest';
import { grpoConfigSchema, type GrpoConfig } from './config.ts';
import { findConflicts } from './conflicts.ts';
import { presetNames, withPreset } from './presets.ts';

const parse = (settings: object): GrpoConfig =>
  grpoConfigSchema.parse(
    withPreset({ model: 'm', dataset: 'd', rewards: [{ name: 'r', type: 'format' }], ...settings }),
  );

describe('findConflicts', () => {
  test('finds none in the defaults and in any preset', () => {
    expect(findConflicts(parse({}))).toEqual([]);
    for (const preset of presetNames) expect(findConflicts(parse({ preset })), preset).toEqual([]);
  });

  test.each([
    [{ rewards: [{ name: 'r', type: 'format', metric_only: true }] }, 'rewards'],
    [{ rewards: [{ name: 'r', type: 'format', enabled: false }] }, 'rewards'],
    [{ min_completion_length: 9, max_completion_length: 8 }, 'min_completion_length'],
    [{ loss_type: 'gmpo', importance_sampling_level: 'sequence' }, 'importance_sampling_level'],
    [{ loss_type: 'luspo' }, 'importance_sampling_level'],
    [{ loss_type: 'cispo' }, 'epsilon_high'],
    [{ loss_type: 'sapo', delta: 4 }, 'delta'],
    [{ delta: 4, dual_clip: 3 }, 'dual_clip'],
    [{ delta: 1.1 }, 'delta'],
    [{ delta: 1.25, epsilon_high: 0.28 }, 'delta'],
    [{ loss_type: 'gmpo', dual_clip: 3 }, 'dual_clip'],
    [{ beta: 0, kl_in_reward: true }, 'kl_in_reward'],
    [{ beta: 0, kl_target: 0.1 }, 'kl_target'],
    [{ beta: 0, sync_ref_model: true }, 'sync_ref_model'],
    [{ beta: 0, use_bias_correction_kl: true }, 'use_bias_correction_kl'],
    [{ sync_ref_model: true, lora_r: 8 }, 'sync_ref_model'],
    [{ sampler_weights: 'bfloat16' }, 'sampler_correction'],
    [{ sampler_weights: 'bfloat16', sampler_correction: 'token_mask', kl_in_reward: true }, 'kl_in_reward'],
    [
      { sampler_weights: 'bfloat16', sampler_correction: 'token_mask', lora_r: 4, load_in_8bit: true },
      'sampler_weights',
    ],
    [{ kl_in_reward: true, use_bias_correction_kl: true }, 'use_bias_correction_kl'],
    [{ multi_objective_aggregation: 'normalize_then_sum', scale_rewards: 'none' }, 'scale_rewards'],
    [{ multi_objective_aggregation: 'normalize_then_sum', advantage_baseline: 'none' }, 'advantage_baseline'],
    [{ multi_objective_aggregation: 'normalize_then_sum', kl_in_reward: true }, 'kl_in_reward'],
    [{ process_supervision: ',', multi_objective_aggregation: 'normalize_then_sum' }, 'multi_objective_aggregation'],
    [{ process_supervision: ',', scale_rewards: 'batch' }, 'scale_rewards'],
    [{ process_supervision: ',', advantage_baseline: 'leave_one_out' }, 'advantage_baseline'],
    [{ process_supervision: ',', kl_in_reward: true }, 'kl_in_reward'],
    [{ use_adaptive_entropy: true, entropy_coef_min: 2 }, 'entropy_coef_min'],
    [{ steps_per_generation: 4, prompts_per_step: 2 }, 'steps_per_generation'],
    [{ replay_groups: 1, process_supervision: ',' }, 'replay_groups'],
    [{ replay_groups: 9 }, 'replay_groups'],
    [{ replay_groups: 4, replay_buffer_size: 3 }, 'replay_buffer_size'],
  ])('refuses %o', (settings, field) => {
    expect(findConflicts(parse(settings)).map((conflict) => conflict.field)).toEqual([field]);
  });
});

describe('withPreset', () => {
  test('sets what the config does not say', () => {
    expect(parse({ preset: 'dapo' })).toMatchObject({
      loss_type: 'dapo',
      epsilon_high: 0.28,
      beta: 0,
      dynamic_sampling: true,
    });
    expect(parse({ preset: 'dapo', epsilon_high: 0.3 })).toMatchObject({ loss_type: 'dapo', epsilon_high: 0.3 });
    expect(parse({})).toMatchObject({
      preset: 'paper',
      loss_type: 'grpo',
      beta: 0.04,
      kl_estimator: 'k3',
      num_iterations: 1,
    });
  });

  test('leaves an unknown name to the schema', () => {
    expect(() => parse({ preset: 'papper' })).toThrow(/preset/);
  });
});
