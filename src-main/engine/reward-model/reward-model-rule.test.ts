import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { rewardModelConfigSchema, type RunConfig } from '../../contract/config.ts';
import { rewardRuleSchema } from '../../contract/reward-rules.ts';
import { compileRules } from '../../rewards/compile-rules.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import { CommandQueue } from '../command-queue.ts';
import { grpo, model as policy, rewards, rows, train } from '../fixtures/training.ts';
import { trainingLoop } from '../loop.ts';
import { selectBackend } from '../tensor/backend.ts';
import { probe } from '../tensor/native-backend.ts';
import { loadRewardModelRule } from './reward-model-rule.ts';
import { loadRewardModel } from './reward-model.ts';
import { scoreCompletions } from './score-completions.ts';

const { available, why } = await probe();
const folder = available ? await trainedModel() : '';
const rule = (change: object = {}) =>
  rewardRuleSchema.parse({ name: 'model', type: 'reward_model', model: folder, ...change });

/** The checkpoint of a reward model after one step. */
async function trainedModel(): Promise<string> {
  const config = {
    model: policy,
    dataset: 'unused',
    backend: 'native',
    max_steps: 1,
    batch_size: 2,
    learning_rate: 1e-3,
  };
  const run: RunConfig = { type: 'reward_model', config: rewardModelConfigSchema.parse(config) };
  const trainRows = rows.map((row) => ({ ...row, columns: { chosen: row.columns.completion, rejected: 'No.' } }));
  const runDirectory = mkdtempSync(join(tmpdir(), 'reward-model-rule-'));
  const start = { type: 'start' as const, run, trainRows, evalRows: [], runDirectory, resumeFrom: null };
  for await (const event of trainingLoop(start, new CommandQueue())) {
    if (event.type === 'checkpoint') return event.path;
  }
  throw new Error('no checkpoint');
}

describe.skipIf(!available)(`a reward model as a rule${available ? '' : ` (${why})`}`, () => {
  const groups = [rows[0], rows[1]].map((row) => ({
    prompt: 'as the policy sees it',
    row,
    completions: ['one', 'two', 'three'].map((text) => ({ text, tokens: [] })),
  }));

  test('scores as the model does, under its own template, and is let go with the run', async () => {
    await selectBackend('native');
    const tensors = tf.memory().numTensors;
    const model = await loadRewardModel(folder);
    const texts = groups.flatMap(({ row, completions }) =>
      completions.map(({ text }) => ({ prompt: row.prompt, completion: text })),
    );
    const expected = Array.from(scoreCompletions(model, await loadTokenizer(folder), texts));
    model.dispose();

    const scorer = await compileRules([rule(), rule({ name: 'squashed', sigmoid: true })], {
      rewardModel: loadRewardModelRule,
    });
    const scored = (await scorer.scoreGroups(groups)).flat().map(({ scores }) => scores.map(({ score }) => score));
    expect(scored).toEqual(expected.map((logit) => [logit, 1 / (1 + Math.exp(-logit))]));
    expect(new Set(expected).size).toBeGreaterThan(1);
    scorer.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('has no score for a text that is too long, and scores the others', async () => {
    await selectBackend('native');
    const scorer = await compileRules([rule()], { rewardModel: loadRewardModelRule });
    const completions = [{ text: 'word '.repeat(5000), tokens: [] }, groups[0].completions[0]];
    const [[long, short]] = await scorer.scoreGroups([{ ...groups[0], completions }]);
    expect(long.scores[0]).toMatchObject({ score: null });
    expect(short.scores[0].score).toBeTypeOf('number');
    expect(scorer.takeWarnings()).toMatchObject([{ rule: 'model', count: 1, of: 2 }]);
    scorer.dispose();
  });

  test('refuses a folder without one before anything is sampled', async () => {
    await expect(compileRules([rule({ model: policy })], { rewardModel: loadRewardModelRule })).rejects.toMatchObject({
      code: 'reward_invalid',
      where: { field: 'rewards.0.model', path: policy },
    });
  });

  test('rewards the completions of a run', async () => {
    const { steps } = await train(grpo({ rewards: [...rewards, rule()], max_steps: 1, save_steps: 0 }));
    const means = steps[0].groups.flatMap(({ completions }) => completions.map(({ scores }) => scores[2].score));
    expect(means.every((score) => typeof score === 'number')).toBe(true);
    expect(steps[0].metrics['rewards/model/mean']).toBeTypeOf('number');
  });
});
