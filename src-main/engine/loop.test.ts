import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { grpoConfigSchema, sftConfigSchema, type RunConfig } from '../contract/config.ts';
import type { DatasetRow } from '../contract/dataset.ts';
import type { EngineEvent, StepRecord } from '../contract/engine.ts';
import { CommandQueue } from './command-queue.ts';
import { trainingLoop } from './loop.ts';
import { probe } from './tensor/native-backend.ts';

const model = join(import.meta.dirname, '../../resources/models/starter');
const rows: DatasetRow[] = [
  [12, 30],
  [58, 67],
  [7, 5],
  [346, 287],
  [99, 1],
].map(([a, b], index) => ({
  index,
  prompt: [{ role: 'user', content: `What is ${a} + ${b}?` }],
  columns: { answer: String(a + b), completion: `<think>${a}+${b}</think><answer>${a + b}</answer>` },
}));
const rewards = [
  { name: 'accuracy', type: 'answer_match', extract: { type: 'tag', tag: 'answer' } },
  { name: 'format', type: 'format', weight: 0.2 },
];
const base = {
  model,
  dataset: 'unused',
  backend: 'native',
  max_steps: 4,
  learning_rate: 1e-3,
  max_completion_length: 32,
  save_steps: 2,
  seed: 3,
};

const grpo = (change: object = {}): RunConfig => ({
  type: 'grpo',
  config: grpoConfigSchema.parse({
    ...base,
    rewards,
    num_generations: 3,
    prompts_per_step: 2,
    num_iterations: 2,
    gradient_accumulation_steps: 2,
    temperature: 1.3,
    lr_scheduler_type: 'cosine',
    ...change,
  }),
});
const sft = (change: object = {}): RunConfig => ({
  type: 'sft',
  config: sftConfigSchema.parse({ ...base, rewards, batch_size: 3, ...change }),
});

async function train(
  run: RunConfig,
  {
    resumeFrom = null,
    onEvent,
    evalRows = [],
  }: {
    resumeFrom?: string | null;
    evalRows?: DatasetRow[];
    onEvent?: (event: EngineEvent, commands: CommandQueue) => void;
  } = {},
) {
  const runDirectory = mkdtempSync(join(tmpdir(), 'loop-'));
  const commands = new CommandQueue();
  const events: EngineEvent[] = [];
  for await (const event of trainingLoop(
    { type: 'start', run, trainRows: rows, evalRows, runDirectory, resumeFrom },
    commands,
  )) {
    events.push(event);
    onEvent?.(event, commands);
  }
  const checkpoints = join(runDirectory, 'checkpoints');
  return {
    events,
    steps: events.flatMap((event) => (event.type === 'step' ? [event.record] : [])),
    checkpoints: readdirSync(checkpoints).map((name) => join(checkpoints, name)),
  };
}

/** A step without what the clock and the process measured. */
function withoutTimes({ metrics, ...step }: StepRecord) {
  return {
    ...step,
    metrics: Object.fromEntries(Object.entries(metrics).filter(([name]) => !/time|per_second|memory/.test(name))),
  };
}

const { available, why } = await probe();

describe.skipIf(!available)(`the training loop${available ? '' : ` (${why})`}`, () => {
  test.each([
    ['GRPO', grpo],
    ['SFT', sft],
  ])('%s: a resumed run is the uninterrupted run, bit for bit', async (_name, run) => {
    const whole = await train(run());
    const [second, fourth] = whole.checkpoints;
    const resumed = await train(run(), { resumeFrom: second });
    expect(resumed.steps.map(withoutTimes)).toEqual(whole.steps.slice(2).map(withoutTimes));
    for (const file of ['model.safetensors', 'optimizer.safetensors', 'trainer_state.json']) {
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
          for (const array of ['samplingLogps', 'oldLogps', 'referenceLogps', 'policyLogps', 'entropies'] as const) {
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

  test('stop saves a checkpoint and ends; pause waits for resume; checkpoint saves and goes on', async () => {
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
    expect(order).toEqual(['started', 'step', 'paused', 'resumed', 'checkpoint', 'step', 'checkpoint', 'finished']);
    expect(commanded.events.at(-1)).toEqual({ type: 'finished', step: 2, reason: 'stopped' });
    const resumed = await train(run, { resumeFrom: commanded.checkpoints.at(-1) as string });
    expect(resumed.steps.map(withoutTimes)).toEqual((await train(run)).steps.slice(2).map(withoutTimes));
  });

  test('keeps only the newest checkpoints', async () => {
    const { checkpoints } = await train(sft({ save_steps: 1, save_total_limit: 2 }));
    expect(checkpoints.map((path) => path.slice(-11))).toEqual(['step-000003', 'step-000004']);
  });

  test('refuses a checkpoint of another configuration', async () => {
    const { checkpoints } = await train(sft());
    await expect(train(sft({ learning_rate: 0.5 }), { resumeFrom: checkpoints[0] })).rejects.toMatchObject({
      code: 'checkpoint_invalid',
    });
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
