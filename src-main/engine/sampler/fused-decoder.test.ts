import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import { plainSampling } from '../fixtures/sampling.ts';
import { addAdapter, loadPolicy, type Policy } from '../model/policy.ts';
import { evaluateTokenLogps } from '../model/token-logps.ts';
import { packGroups } from '../model/packed-batch.ts';
import { selectBackend } from '../tensor/backend.ts';
import { rollout } from './rollout.ts';

const folder = join(import.meta.dirname, '../../../resources/models/starter');
const sampling = {
  ...plainSampling,
  max_completion_length: 40,
  min_completion_length: 36,
  temperature: 1.2,
};

beforeAll(async () => {
  await selectBackend('native');
});

/** Largest difference between what the decoder reports while sampling and what the single operations compute afterwards. */
async function largestDifference(policy: Policy): Promise<number> {
  const tokenizer = await loadTokenizer(folder);
  const prompts = ['What is 12 + 30?', 'What is 587 + 646?'].map((text) => tokenizer.encode(text));
  const groups = rollout(policy, tokenizer, prompts, {
    sampling,
    generations: 12,
    greedy: false,
    seed: 2,
    path: ['x'],
  });
  const completions = groups.flat();
  for (const { tokens } of completions) expect(tokens.length).toBeGreaterThanOrEqual(36);
  const batch = packGroups(
    groups.map((group, i) => ({ promptTokens: prompts[i], completions: group.map(({ tokens }) => tokens) })),
  );
  const expected = evaluateTokenLogps(policy, batch, sampling.temperature);
  const reported = completions.flatMap(({ logps }) => [...logps]);
  return Math.max(...reported.map((logp, i) => Math.abs(logp - expected[i])));
}

test('the log-probs of fused decoding are those of the single operations', async () => {
  const policy = await loadPolicy(folder, { trainable: false });
  expect(await largestDifference(policy)).toBeLessThan(2e-4);
  policy.dispose();
});

test('an adapter counts, and weights that have changed are packed again', async () => {
  const base = await loadPolicy(folder, { trainable: false });
  const settings = {
    rank: 4,
    alpha: 8,
    targetModules: ['q_proj', 'down_proj'],
    rsLora: false,
    dropout: 0,
    rankPattern: {},
    alphaPattern: {},
  };
  const policy = addAdapter(base, settings, 1);
  expect(await largestDifference(policy)).toBeLessThan(2e-4);
  for (const parameter of Object.values(policy.parameters)) {
    tf.tidy(() => parameter.assign(tf.randomNormal(parameter.shape, 0, 0.2, 'float32', 7)));
  }
  expect(await largestDifference(policy)).toBeLessThan(2e-3);
  policy.dispose();
});
