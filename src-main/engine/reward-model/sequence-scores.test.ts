/** Scores against transformers: fixtures/make.py made the model and the expected scores, from a right-padded batch. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { rankingLoss } from '../../grpo/reward-model-loss.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import type { TokenGroup } from '../model/packed-batch.ts';
import { loadPolicy } from '../model/policy.ts';
import { lossGradients } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import { loadRewardModel, openRewardModel } from './reward-model.ts';
import { packSequences, scoreTokens, sequenceScores } from './sequence-scores.ts';

const folder = join(import.meta.dirname, 'fixtures/llama-reward');
const expected = JSON.parse(readFileSync(join(folder, 'scores.json'), 'utf8')) as {
  groups: { prompt: number[]; completions: number[][] }[];
  scores: number[];
};
const groups: TokenGroup[] = expected.groups.map(({ prompt, completions }) => ({ promptTokens: prompt, completions }));

test('a text is scored at its last token that is no padding, wherever that lies', () => {
  const batch = packSequences(groups, 0);
  // Prompt 0–4, completions 5–7, 8–12 and 13; prompt 14–15, completions 16–22, 23–25 (the last is padding) and 26–27 (both are).
  expect([...batch.scored]).toEqual([7, 12, 13, 22, 24, 15]);
  expect([...packSequences(groups, null).scored]).toEqual([7, 12, 13, 22, 25, 27]);
});

test('a language model is no reward model, and a reward model no language model', async () => {
  const error = { code: 'model_unsupported', where: { field: 'architectures' } };
  await expect(loadRewardModel(join(import.meta.dirname, '../../../resources/models/starter'))).rejects.toMatchObject(
    error,
  );
  await expect(loadPolicy(folder, { trainable: false })).rejects.toMatchObject(error);
});

test('a classifier with several labels is refused', async () => {
  const several = join(mkdtempSync(join(tmpdir(), 'labels-')), 'model');
  mkdirSync(several);
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
  writeFileSync(join(several, 'config.json'), JSON.stringify({ ...config, id2label: { 0: 'bad', 1: 'good' } }));
  await expect(loadRewardModel(several)).rejects.toMatchObject({
    code: 'model_unsupported',
    message: expect.stringContaining('a classifier with 2 labels') as string,
  });
});

describeOnEveryBackend('scores', () => {
  test('are those of transformers', async () => {
    const model = await loadRewardModel(folder);
    const scores = scoreTokens(model, groups);
    expect(scores).toHaveLength(expected.scores.length);
    scores.forEach((score, i) => expect(Math.abs(score - expected.scores[i]), `text ${i}`).toBeLessThan(2e-4));
    model.dispose();
  });

  test('have gradients, of the head and of all layers, that lower the loss', async () => {
    const before = tf.memory().numTensors;
    const model = await openRewardModel(folder, 1);
    const pairs = groups.map(({ promptTokens, completions }) => ({
      promptTokens,
      completions: completions.slice(0, 2),
    }));
    const batch = packSequences(pairs, 0);
    let loss = NaN;
    const gradients = lossGradients(model, () =>
      hostLoss(sequenceScores(model, batch), (scores) => {
        const result = rankingLoss(scores, pairs.length);
        loss = result.loss;
        return result;
      }),
    );
    expect(Object.keys(gradients)).toEqual(Object.keys(model.parameters));
    const slope = Object.values(gradients).reduce(
      (sum, gradient) => sum + tf.tidy(() => tf.sum(tf.square(gradient)).dataSync()[0]),
      0,
    );
    const step = 1e-3 / Math.sqrt(slope);
    for (const [name, weight] of Object.entries(model.parameters)) {
      expect(
        tf.tidy(() => tf.max(tf.abs(gradients[name])).dataSync()[0]),
        name,
      ).toBeGreaterThan(0);
      tf.tidy(() => weight.assign(tf.sub(weight, tf.mul(gradients[name], step))));
    }
    // Along the gradient the loss falls by its squared norm: the first order of the difference quotient.
    const fallen = loss - rankingLoss(scoreTokens(model, pairs), pairs.length).loss;
    expect(fallen / (step * slope)).toBeCloseTo(1, 1);
    tf.dispose(gradients);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
