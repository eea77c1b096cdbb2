import { describe, expect, test } from 'vitest';
import { grpoConfigSchema, type RunConfig } from '../../src-main/contract/config.ts';
import { withPreset } from '../../src-main/contract/presets.ts';
import { givenValues, settingsOf } from './run-settings.ts';

test('every setting of the contract is there, with its kind and default', () => {
  const settings = settingsOf('grpo');
  expect(settings.map(({ name }) => name)).toEqual(Object.keys(grpoConfigSchema.shape));
  const byName = Object.fromEntries(settings.map((setting) => [setting.name, setting]));
  expect(byName['num_generations']).toMatchObject({ kind: 'integer', default: 8, required: false });
  expect(byName['learning_rate']).toMatchObject({
    kind: 'number',
    label: 'Learning rate',
    help: 'Peak learning rate.',
  });
  expect(byName['loss_type']).toMatchObject({ kind: 'choice', default: 'grpo' });
  expect(byName['loss_type'].options).toContain('dr_grpo');
  expect(byName['gradient_checkpointing']).toMatchObject({
    kind: 'choice',
    options: [true, false, 'auto'],
    default: 'auto',
  });
  expect(byName['model']).toMatchObject({ kind: 'text', required: true });
  expect(byName['stop']).toMatchObject({ kind: 'texts', default: [] });
  expect(byName['dynamic_sampling']).toMatchObject({ kind: 'switch', default: false });
  expect(byName['rewards']).toMatchObject({ kind: 'rules', required: true });
});

describe('givenValues', () => {
  const rewards = [{ name: 'exact', type: 'answer_match' as const }];
  const run = (values: Record<string, unknown>): RunConfig => ({
    type: 'grpo',
    config: grpoConfigSchema.parse(withPreset({ model: '/m', dataset: '/d', rewards, ...values })),
  });

  test('leaves out what a run does anyway', () => {
    const given = givenValues(run({ max_steps: 7 }));
    expect(Object.keys(given)).toEqual(['model', 'dataset', 'max_steps', 'rewards']);
    expect(given['rewards']).toEqual(rewards);
    expect(grpoConfigSchema.parse(given)).toEqual(run({ max_steps: 7 }).config);
  });

  test('keeps a default that overrides the preset', () => {
    expect(givenValues(run({ preset: 'dapo', beta: 0.04 }))).toMatchObject({ preset: 'dapo', beta: 0.04 });
    expect(givenValues(run({ preset: 'dapo' }))).not.toHaveProperty('beta');
  });
});
