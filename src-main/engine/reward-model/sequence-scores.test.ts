/** Scores against transformers: fixtures/make.py made the model and the expected scores, from a right-padded batch. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { LoraSettings } from '../../checkpoint/adapter-description.ts';
import { goldenFolder } from '../../../e2e/fixtures/golden.ts';
import { rankingLoss } from '../../grpo/reward-model-loss.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import type { TokenGroup } from '../model/packed-batch.ts';
import { loadPolicy } from '../model/policy.ts';
import { selectBackend } from '../tensor/backend.ts';
import { lossGradients } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import { SCORE_WEIGHT } from '../../checkpoint/adapter-shapes.ts';
import { writeAdapter } from '../model/adapter-files.ts';
import { expectClose } from '../tensor/ops/testing.ts';
import { loadRewardModel, openRewardModel } from './reward-model.ts';
import { packSequences, scoreTokens, sequenceScores } from './sequence-scores.ts';

const folder = join(import.meta.dirname, 'fixtures/llama-reward');
const adapter = `${folder}-lora`;
const lora: LoraSettings = {
  rank: 2,
  alpha: 4,
  targetModules: ['q_proj', 'down_proj'],
  rsLora: false,
  dropout: 0,
  rankPattern: {},
  alphaPattern: {},
};
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

/** The reward model's adapter, said to stand on a language model. */
async function overLanguageModel(): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), 'reward-adapter-'));
  const config = JSON.parse(await readFile(join(adapter, 'adapter_config.json'), 'utf8')) as object;
  const named = { ...config, base_model_name_or_path: join(goldenFolder, 'models/llama-tied') };
  writeFileSync(join(copy, 'adapter_config.json'), JSON.stringify(named));
  return copy;
}

test('a language model is no reward model, and a reward model no language model', async () => {
  await selectBackend('cpu');
  const error = { code: 'model_unsupported', where: { field: 'architectures' } };
  await expect(loadRewardModel(join(import.meta.dirname, '../../../resources/models/starter'))).rejects.toMatchObject(
    error,
  );
  await expect(loadPolicy(folder, { trainable: false })).rejects.toMatchObject(error);
  const ofTask = { code: 'model_unsupported', where: { field: 'task_type' } };
  const languageAdapter = join(goldenFolder, 'models/llama-tied-lora');
  const before = tf.memory().numTensors;
  await expect(loadRewardModel(languageAdapter)).rejects.toMatchObject(ofTask);
  await expect(loadPolicy(await overLanguageModel(), { trainable: false })).rejects.toMatchObject(ofTask);
  expect(tf.memory().numTensors).toBe(before);
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

  test('of a PEFT adapter are those of PEFT, and survive being written here', async () => {
    const before = tf.memory().numTensors;
    const { scores: ofPeft } = JSON.parse(readFileSync(join(adapter, 'scores.json'), 'utf8')) as { scores: number[] };
    const model = await openRewardModel(adapter, { seed: 1, loraOf: null, int8: false });
    const scores = scoreTokens(model, groups);
    expectClose(scores, ofPeft, 2e-4);
    expect(Object.keys(model.parameters).at(-1)).toBe(SCORE_WEIGHT);
    expect(Object.keys(model.parameters)).toHaveLength(2 * 2 * 2 + 1);

    const copy = mkdtempSync(join(tmpdir(), 'reward-adapter-'));
    await writeAdapter(copy, model.adapter!, folder, model.weights[SCORE_WEIGHT]);
    model.dispose();
    const again = await loadRewardModel(copy);
    expect(scoreTokens(again, groups)).toEqual(scores);
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    ['all weights', null, false],
    ['an adapter', lora, false],
    ['an adapter over 8-bit weights', lora, true],
  ])('have gradients, of the head and of all layers, that lower the loss: %s', async (_what, settings, int8) => {
    const before = tf.memory().numTensors;
    const model = await openRewardModel(folder, { seed: 1, loraOf: settings && (() => settings), int8 });
    // The second matrix of a new adapter is zero, which leaves the first without a gradient.
    for (const [name, weight] of Object.entries(model.parameters)) {
      if (name.endsWith('lora_B.weight')) tf.tidy(() => weight.assign(tf.fill(weight.shape, 0.1)));
    }
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
