import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { goldenFolder } from '../../e2e/fixtures/golden.ts';
import type { StepRecord } from '../contract/engine.ts';
import { grpoConfigSchema, sftConfigSchema, type RunConfig } from '../contract/config.ts';
import { base, grpo, model, rewards, rows, train, withoutTimes } from './fixtures/training.ts';
import { openTrainedPolicy } from './open-trained-policy.ts';
import { openPolicy, type PolicySession } from './session.ts';
import { probe } from './tensor/native-backend.ts';

const adapter = join(goldenFolder, 'models/llama-tied-lora');
const grpoOfAdapter = (change: object = {}): RunConfig =>
  grpo({ lora_r: 4, lora_alpha: 8, use_rslora: true, lora_target_modules: ['q_proj', 'mlp.down_proj'], ...change });
const sft = (change: object = {}): RunConfig => ({
  type: 'sft',
  config: sftConfigSchema.parse({ ...base, rewards, batch_size: 3, ...change }),
});

const { available, why } = await probe();

describe.skipIf(!available)(`the training loop${available ? '' : ` (${why})`}`, () => {
  test.each([
    ['GRPO', grpo, ['model.safetensors']],
    [
      'GRPO with bfloat16 sampling',
      () => grpo({ sampler_weights: 'bfloat16', sampler_correction: 'sequence_mask' }),
      ['model.safetensors'],
    ],
    ['SFT', sft, ['model.safetensors']],
    ['GRPO of an adapter', grpoOfAdapter, ['adapter_model.safetensors', 'adapter_config.json']],
  ])('%s: a resumed run is the uninterrupted run, bit for bit', async (_name, run, modelFiles) => {
    const whole = await train(run());
    const [second, fourth] = whole.checkpoints;
    const resumed = await train(run(), { resumeFrom: second });
    expect(resumed.steps.map(withoutTimes)).toEqual(whole.steps.slice(2).map(withoutTimes));
    for (const file of [...modelFiles, 'optimizer.safetensors', 'trainer_state.json']) {
      expect(readFileSync(join(resumed.checkpoints[0], file)).equals(readFileSync(join(fourth, file))), file).toBe(
        true,
      );
    }
  });

  test('records every step with its groups, scores, advantages and per-token arrays', async () => {
    const { steps, events } = await train(grpo(), { evalRows: rows.slice(0, 2) });
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const { groups, metrics } of steps) {
      expect(groups).toHaveLength(2);
      for (const { completions } of groups) {
        expect(completions).toHaveLength(3);
        expect(completions.reduce((sum, { advantage }) => sum + advantage, 0)).toBeCloseTo(0, 9);
        for (const completion of completions) {
          expect(completion.scores.map(({ rule }) => rule)).toEqual(['accuracy', 'format']);
          const arrays = [
            'samplingLogps',
            'oldLogps',
            'referenceLogps',
            'policyLogps',
            'entropies',
            'coefficients',
          ] as const;
          for (const array of arrays) {
            expect(completion[array], array).toHaveLength(completion.tokens.length);
          }
        }
      }
      for (const name of [
        'reward',
        'kl',
        'entropy',
        'loss',
        'loss/policy',
        'loss/kl',
        'grad_norm',
        'rewards/accuracy/mean',
        'num_tokens',
      ]) {
        expect(metrics[name], name).toBeTypeOf('number');
      }
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    }
    expect(steps[0].metrics['ratio/min']).toBeLessThan(1); // two iterations
    expect(events.filter(({ type }) => type === 'evaluation')).toHaveLength(2);
    expect(events.at(-1)).toEqual({ type: 'finished', step: 4, reason: 'completed' });
  });

  test('the first pass of a step has ratio 1, and its loss is the KL term', async () => {
    const { steps } = await train(grpo({ num_iterations: 1, max_steps: 3 }));
    for (const { metrics } of steps) {
      expect([metrics['ratio/min'], metrics['ratio/max']]).toEqual([1, 1]);
      expect(metrics['loss/policy']).toBeCloseTo(0, 9);
      expect(metrics.loss).toBeCloseTo(metrics['loss/kl'], 9);
    }
    expect(steps[0].metrics.kl).toBe(0);
    expect(steps[2].metrics.kl).toBeGreaterThan(0);
  });

  test('gradient accumulation changes nothing but rounding', async () => {
    const firstStep = async (parts: number): Promise<StepRecord> =>
      (await train(grpo({ num_iterations: 1, max_steps: 1, gradient_accumulation_steps: parts }))).steps[0];
    const one = await firstStep(1);
    const two = await firstStep(2);
    expect(Math.abs(one.metrics.grad_norm - two.metrics.grad_norm)).toBeLessThan(1e-5 * one.metrics.grad_norm);
    expect(one.metrics.loss).toBeCloseTo(two.metrics.loss, 6);
  });

  test('SFT learns its completions', async () => {
    const { steps } = await train(sft({ max_steps: 20, save_steps: 0, learning_rate: 3e-3 }));
    expect(steps[19].metrics.loss).toBeLessThan(steps[0].metrics.loss / 3);
  });

  test('stop saves a checkpoint and ends; pause waits for resume; checkpoint saves, while paused too, and goes on', async () => {
    const run = grpo({ save_steps: 0, num_iterations: 1 });
    const commanded = await train(run, {
      onEvent(event, commands) {
        if (event.type === 'step' && event.record.step === 1) {
          commands.push({ type: 'pause' });
          commands.push({ type: 'checkpoint' });
        }
        if (event.type === 'paused') setTimeout(() => commands.push({ type: 'resume' }), 5);
        if (event.type === 'step' && event.record.step === 2) commands.push({ type: 'stop' });
      },
    });
    const order = commanded.events.map(({ type }) => type).filter((type) => type !== 'phase');
    expect(order).toEqual(['started', 'step', 'paused', 'checkpoint', 'resumed', 'step', 'checkpoint', 'finished']);
    expect(commanded.events.at(-1)).toEqual({ type: 'finished', step: 2, reason: 'stopped' });
    const resumed = await train(run, { resumeFrom: commanded.checkpoints.at(-1) as string });
    expect(resumed.steps.map(withoutTimes)).toEqual((await train(run)).steps.slice(2).map(withoutTimes));
  });

  test('finds a prompt that is too long before the first step', async () => {
    const run = grpo({ max_completion_length: 490 });
    await expect(train(run)).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: expect.stringMatching(
        /^the prompt of row 1 and 4 more rows of unused leaves no room.*where max_completion_length leaves 22/,
      ),
    });
  });

  test('refuses a checkpoint of another configuration', async () => {
    const { checkpoints } = await train(sft());
    await expect(train(sft({ learning_rate: 0.5 }), { resumeFrom: checkpoints[0] })).rejects.toMatchObject({
      code: 'checkpoint_invalid',
    });
  });

  test('an adapter learns while its base stays as it is, and is sampled from with it', async () => {
    const { checkpoints, steps } = await train(grpoOfAdapter({ max_steps: 3, num_iterations: 1 }));
    expect(steps[0].metrics.kl).toBe(0);
    expect(steps[2].metrics.kl).toBeGreaterThan(0);
    const folder = checkpoints.at(-1) as string;
    expect(readdirSync(folder)).not.toContain('model.safetensors');
    const adapted = await openPolicy(folder, 'native');
    const plain = await openPolicy(model, 'native');
    const sampling = { ...grpoConfigSchema.parse({ ...base, rewards }), num_generations: 1, greedy: true };
    const logps = async (session: PolicySession) =>
      (await session.sample([rows[3].prompt], sampling))[0].completions[0].logps;
    expect(await logps(adapted)).not.toEqual(await logps(plain));
    expect(adapted.info.parameters).toBeGreaterThan(plain.info.parameters);
    adapted.dispose();
    plain.dispose();
  });

  test('an adapter needs no second copy of the weights for its reference', async () => {
    const bytes = async (run: RunConfig): Promise<number> => (await train(run)).steps[0].metrics['memory/tensor_bytes'];
    const change = { max_steps: 1, save_steps: 0 };
    expect(await bytes(grpoOfAdapter(change))).toBe(await bytes(grpoOfAdapter({ ...change, beta: 0 })));
  });

  test.each<[string, RunConfig, object]>([
    [
      'layers that the model lacks',
      grpoOfAdapter({ lora_target_modules: ['qproj'] }),
      { field: 'lora_target_modules' },
    ],
    ['random weights below it', sft({ lora_r: 2, init_from_config: true }), { field: 'lora_r' }],
    ['another adapter below it', grpoOfAdapter({ model: adapter }), { field: 'lora_r' }],
  ])('refuses an adapter with %s', async (_what, run, where) => {
    const before = tf.memory().numTensors;
    await expect(openTrainedPolicy(run, null)).rejects.toMatchObject({ where });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('leaves no tensor behind, and holds none from step to step', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await train(
      grpo({ max_steps: 100, prompts_per_step: 2, num_generations: 2, max_completion_length: 4, save_steps: 0 }),
      {
        onEvent: (event) => void (event.type === 'step' && counts.push(tf.memory().numTensors)),
      },
    );
    expect(counts).toHaveLength(100);
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });
});
