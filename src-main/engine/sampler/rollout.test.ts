import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { largestDifference } from '../../../e2e/fixtures/golden.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { plainSampling } from '../fixtures/sampling.ts';
import { packGroups } from '../model/packed-batch.ts';
import { loadPolicy, type Policy } from '../model/policy.ts';
import { evaluateTokenLogps } from '../model/token-logps.ts';
import { rollout, type RolloutOptions } from './rollout.ts';

const folder = join(import.meta.dirname, '../../../resources/models/starter');
const sampling = plainSampling;
const options: RolloutOptions = { sampling, generations: 3, greedy: false, seed: 5, path: ['rollout', 1] };

describeOnEveryBackend('group rollout', () => {
  let policy: Policy;
  let tokenizer: Tokenizer;
  let prompts: Int32Array[];
  beforeAll(async () => {
    policy = await loadPolicy(folder, { trainable: false });
    tokenizer = await loadTokenizer(folder);
    prompts = ['What is 12 + 30?', 'What is 587 + 646?'].map(
      (content) => tokenizer.encodePrompt([{ role: 'user', content }]).tokens,
    );
  });
  afterAll(() => policy.dispose());

  test('is the same for the same seed and path, and another one otherwise', () => {
    const first = rollout(policy, tokenizer, prompts, options);
    expect(rollout(policy, tokenizer, prompts, options)).toEqual(first);
    const texts = (groups: typeof first) => groups.flat().map(({ text }) => text);
    expect(texts(rollout(policy, tokenizer, prompts, { ...options, seed: 6 }))).not.toEqual(texts(first));
    expect(texts(rollout(policy, tokenizer, prompts, { ...options, path: ['rollout', 2] }))).not.toEqual(texts(first));
  });

  test('gives G completions a prompt, drawn independently', () => {
    const groups = rollout(policy, tokenizer, prompts, {
      ...options,
      generations: 8,
      sampling: { ...sampling, temperature: 1.5 },
    });
    expect(groups.map((group) => group.length)).toEqual([8, 8]);
    for (const group of groups) expect(new Set(group.map(({ text }) => text)).size).toBeGreaterThan(1);
  });

  test('gives a completion the same tokens whether or not others of its group begin alike', () => {
    const sample = (generations: number) =>
      rollout(policy, tokenizer, prompts, { ...options, generations }).map((group) =>
        group.map(({ tokens }) => [...tokens]),
      );
    const [few, many] = [sample(2), sample(8)];
    expect(many.map((group) => group.slice(0, 2))).toEqual(few);
    const beginnings = many.flat().map((tokens) => tokens.slice(0, 5).join(' '));
    expect(new Set(beginnings).size).toBeLessThan(beginnings.length);
  });

  test('draws anew where a prompt stands in the batch twice', () => {
    const [first, second] = rollout(policy, tokenizer, [prompts[0], prompts[0]], {
      ...options,
      sampling: { ...sampling, temperature: 1.5 },
    });
    expect(second.map(({ text }) => text)).not.toEqual(first.map(({ text }) => text));
  });

  test('reports the log-probs that a full forward pass finds', () => {
    const groups = rollout(policy, tokenizer, prompts, {
      ...options,
      generations: 8,
      sampling: { ...sampling, temperature: 0.8, top_k: 20 },
    });
    const batch = packGroups(
      groups.map((group, i) => ({ promptTokens: prompts[i], completions: group.map(({ tokens }) => tokens) })),
    );
    const logps = groups.flat().flatMap((completion) => [...completion.logps]);
    expect(largestDifference(logps, evaluateTokenLogps(policy, batch, 0.8))).toBeLessThan(1e-4);
  });

  test('ends at the end token, at a stop string, or at the length limit', () => {
    const greedy = { ...options, generations: 1, greedy: true };
    const [[ended]] = rollout(policy, tokenizer, prompts, {
      ...greedy,
      sampling: { ...sampling, max_completion_length: 48 },
    });
    expect(ended.finishReason).toBe('eos');
    expect(tokenizer.eosTokenIds).toContain(ended.tokens.at(-1));
    expect(ended.text).toMatch(/^<think>.*<\/answer>$/);

    const least = (min_completion_length: number) => ({
      ...sampling,
      max_completion_length: 48,
      min_completion_length,
    });
    const before = ended.tokens.length - 1; // the end token comes after so many
    const [[same]] = rollout(policy, tokenizer, prompts, { ...greedy, sampling: least(before) });
    const [[longer]] = rollout(policy, tokenizer, prompts, { ...greedy, sampling: least(before + 1) });
    expect(same.tokens).toEqual(ended.tokens);
    expect(longer.tokens.length).toBeGreaterThan(ended.tokens.length);

    const [[stopped]] = rollout(policy, tokenizer, prompts, { ...greedy, sampling: { ...sampling, stop: [',1'] } });
    expect(stopped.finishReason).toBe('stop');
    expect(ended.text.startsWith(stopped.text)).toBe(true);
    expect(stopped.text.endsWith(',1')).toBe(true);

    const [[cut]] = rollout(policy, tokenizer, prompts, {
      ...greedy,
      sampling: { ...sampling, max_completion_length: 5 },
    });
    expect(cut).toMatchObject({ finishReason: 'length', tokens: ended.tokens.slice(0, 5) });
  });

  test('refuses a prompt that does not fit into the context', () => {
    const long = new Int32Array(policy.config.maxPositions - 10).fill(20);
    expect(() => rollout(policy, tokenizer, [long], options)).toThrow(/exceed the model's context of 512/);
  });

  test('leaves no tensor behind', () => {
    rollout(policy, tokenizer, prompts, options);
    const before = tf.memory().numTensors;
    rollout(policy, tokenizer, prompts, options);
    expect(tf.memory().numTensors).toBe(before);
  });
});
