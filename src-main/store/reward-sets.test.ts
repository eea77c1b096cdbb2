import { afterEach, beforeEach, expect, test } from 'vitest';
import { rewardRuleSchema, type RewardRule } from '../contract/reward-rules.ts';
import { grpoRun, newRun, rewardModelRun } from './fixtures/records.ts';
import type { Store } from './interfaces.ts';
import { openStore } from './open.ts';

const rule = (change: object = {}): RewardRule =>
  rewardRuleSchema.parse({ name: 'exact', type: 'answer_match', ...change });

let store: Store;

beforeEach(() => {
  store = openStore(':memory:');
});

afterEach(() => store.close());

test('a set is kept under its name, version after version', () => {
  const first = store.writer.saveRewardSet('math', [rule()]);
  const second = store.writer.saveRewardSet('math', [rule({ weight: 2 })]);
  store.writer.saveRewardSet('text', [rule({ name: 'other' })]);
  expect(second).toMatchObject({ name: 'math', version: 2 });
  expect(store.reader.rewardSetHistory('math')).toEqual([second, first]);
  expect(store.reader.listRewardSets().map(({ name, version }) => [name, version])).toEqual([
    ['math', 2],
    ['text', 1],
  ]);
  expect(store.reader.readRewardSet(first.hash)).toEqual([rule()]);
  expect(store.reader.readRewardSet('f'.repeat(64))).toBeNull();
  expect(store.reader.rewardSetHistory('none')).toEqual([]);
});

test('equal rules have one hash whatever their keys’ order and their name; saving them again makes no version', () => {
  const reordered = Object.fromEntries(Object.entries(rule()).reverse()) as RewardRule;
  const saved = store.writer.saveRewardSet('math', [rule()]);
  expect(store.writer.saveRewardSet('math', [reordered])).toEqual(saved);
  expect(store.writer.saveRewardSet('text', [rule()]).hash).toBe(saved.hash);
  expect(store.writer.saveRewardSet('math', [rule({ name: 'other' })]).version).toBe(2);
  expect(store.writer.saveRewardSet('math', [rule()])).toMatchObject({ version: 3, hash: saved.hash });
  const [a, b] = [rule({ name: 'a' }), rule({ name: 'b' })];
  expect(store.writer.saveRewardSet('x', [a, b]).hash).not.toBe(store.writer.saveRewardSet('x', [b, a]).hash);
});

test('a run keeps the exact rules it was created with', () => {
  const run = grpoRun({ rewards: [rule({ weight: 3 })] });
  store.writer.createRun(newRun('one', { run }));
  const { hash } = store.writer.saveRewardSet('math', [rule({ weight: 3 })]);
  expect(store.reader.getRun('one').rewardHash).toBe(hash);
  expect(store.reader.readRewardSet(hash)).toEqual([rule({ weight: 3 })]);

  store.writer.createRun(newRun('two', { run: rewardModelRun() }));
  expect(store.reader.readRewardSet(store.reader.getRun('two').rewardHash)).toEqual([]);
  expect(() => store.check()).not.toThrow();
});
