import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SampleFilter } from '../contract/api/samples.ts';
import type { StepRecord } from '../contract/engine.ts';
import { newRun, stepRecord } from './fixtures/records.ts';
import type { Store } from './interfaces.ts';
import { openStore } from './open.ts';

let store: Store;

/** The record with other texts, rewards or prompts, given by step, group and place. */
function changed(
  record: StepRecord,
  change: (group: number, place: number) => Partial<StepRecord['groups'][0]['completions'][0]>,
) {
  const groups = record.groups.map((group, g) => ({
    ...group,
    completions: group.completions.map((completion, c) => ({ ...completion, ...change(g, c) })),
  }));
  return { ...record, groups };
}

beforeEach(() => {
  store = openStore(':memory:');
  for (const id of ['one', 'two']) {
    store.writer.createRun(newRun(id));
    store.writer.recordStep(id, stepRecord(1));
    store.writer.recordStep(
      id,
      changed(stepRecord(2), (group) => (group === 0 ? { reward: 0.5, advantage: 0 } : {})),
    );
  }
  store.writer.recordStep(
    'one',
    changed(stepRecord(3, { groups: 1 }), (_, place) => ({
      text: ['So 12+30=42</think>', 'I think the Answer is 7.', ''][place],
      reward: place === 2 ? null : place,
    })),
  );
});

afterEach(() => store.close());

/** What is found in run one, as `step.group.place`. */
function found(
  filter: SampleFilter,
  order: Parameters<Store['samples']['findCompletions']>[2] = 'step',
  descending = false,
) {
  const ids = store.samples.findCompletions('one', filter, order, descending);
  return store.samples.completionRows(ids).map(({ step, row, position }) => `${step}.${row - step * 100}.${position}`);
}

test('of a long prompt a list has the end, which says that something stands before it', () => {
  const record = stepRecord(4, { groups: 2 });
  record.groups[0].prompt = 'Long. '.repeat(100);
  store.writer.recordStep('one', record);
  const rows = store.samples.groupRows(store.samples.findGroups('one', { stepFrom: 4 }, 'step', false));
  expect(rows.map(({ snippet }) => snippet)).toEqual([`…${'Long. '.repeat(80)}`, 'Question 1 of step 4?']);
});

const stepsOf = (filter: SampleFilter) =>
  store.samples
    .groupRows(store.samples.findGroups('one', filter, 'step', false))
    .map(({ step, position }) => `${step}.${position}`);

describe('completions are found', () => {
  test('by step, row, prompt, reward, end and rule', () => {
    expect(found({})).toHaveLength(15);
    expect(found({ stepFrom: 2, stepTo: 2 })).toEqual(['2.0.0', '2.0.1', '2.0.2', '2.1.0', '2.1.1', '2.1.2']);
    expect(found({ row: 101 })).toEqual(['1.1.0', '1.1.1', '1.1.2']);
    expect(found({ prompt: 'question 1 OF step 2' })).toEqual(['2.1.0', '2.1.1', '2.1.2']);
    expect(found({ rewardMin: 2 })).toEqual(['1.0.2', '1.1.2', '2.1.2']);
    expect(found({ rewardMax: 0.5, rewardMin: 0.5 })).toEqual(['2.0.0', '2.0.1', '2.0.2']);
    expect(found({ finishReason: 'length', stepTo: 1 })).toEqual(['1.0.0', '1.1.0']);
    expect(found({ rule: 'exact', scoreMin: 1, scoreMax: 1, stepTo: 1 })).toEqual(['1.0.1', '1.1.1']);
    expect(found({ rule: 'tagged', scoreMin: 0 })).toEqual([]);
  });

  test('by the variance of their group', () => {
    expect(found({ variance: 'zero' })).toEqual(['2.0.0', '2.0.1', '2.0.2']);
    expect(stepsOf({ variance: 'some' })).toEqual(['1.0', '1.1', '2.1', '3.0']);
  });

  test('by their words: all of them, whatever their case, the last one as far as it is typed', () => {
    expect(found({ text: 'THINK answer' })).toEqual(['3.0.1']);
    expect(found({ text: 'answer thi' })).toEqual(['3.0.1']);
    expect(found({ text: 'thi answer' })).toEqual([]);
    expect(found({ text: '"the answer"' })).toEqual(['3.0.1']);
    expect(found({ text: '"answer the"' })).toEqual([]);
    expect(found({ text: 'unico' })).toHaveLength(12); // »ünïcode«: marks on letters do not matter
  });

  test("by no word of another run, nor by the run's id, which the index puts before each word", () => {
    store.writer.createRun(newRun('onet')); // whose words begin with id and first letter of a word of run one
    store.writer.recordStep(
      'onet',
      changed(stepRecord(1), () => ({ text: 'hinkering' })),
    );
    expect(found({ text: 'think ' })).toEqual(['3.0.0', '3.0.1']);
    expect(found({ text: 'thinkering' })).toEqual([]);
    expect(found({ text: 'one' })).toEqual([]);
    expect(found({ text: 'oneanswer' })).toEqual([]);
  });

  test('by signs, which the index does not know', () => {
    expect(found({ text: '</think>' })).toEqual(['3.0.0']);
    expect(found({ text: '12+30=42' })).toEqual(['3.0.0']);
    expect(found({ text: '12-30' })).toEqual([]);
    expect(found({ text: '»' })).toHaveLength(12);
    expect(found({ text: `it's "a" OR NOT * ( drop` })).toEqual([]);
  });

  test('in order', () => {
    expect(found({ stepFrom: 3 }, 'reward', true)).toEqual(['3.0.1', '3.0.0', '3.0.2']); // without a reward: last
    expect(found({ stepFrom: 3 }, 'reward', false)).toEqual(['3.0.0', '3.0.1', '3.0.2']);
    expect(found({}, 'advantage', true)[0]).toBe('3.0.2');
    const byMean = store.samples.findGroups('one', {}, 'reward', true);
    expect(store.samples.groupRows(byMean).map(({ rewards }) => rewards)).toEqual([
      [2, 1, 0],
      [2, 1, 0],
      [2, 1, 0],
      [1, 0],
      [0.5, 0.5, 0.5],
    ]);
  });
});

test('steps in figures', () => {
  expect(store.samples.listSteps('one')).toEqual([
    { step: 1, groups: 2, completions: 6, meanReward: 1, zeroVariance: 0 },
    { step: 2, groups: 2, completions: 6, meanReward: 0.75, zeroVariance: 1 },
    { step: 3, groups: 1, completions: 3, meanReward: 0.5, zeroVariance: 0 },
  ]);
});

test('a group is read whole, with its neighbours', () => {
  const [first, second, third] = store.samples.findGroups('one', {}, 'step', false);
  const group = store.samples.readGroup(second);
  expect(group).toMatchObject({ step: 1, position: 1, groups: 2, row: 101, promptTokens: 3, zeroVariance: false });
  expect([group?.previous, group?.next]).toEqual([first, third]);
  expect(group?.completions.map(({ position, advantage, tokens }) => [position, advantage, tokens])).toEqual([
    [2, 1, 4],
    [1, 0, 4],
    [0, -1, 4],
  ]);
  expect(group?.completions[0].scores[0]).toMatchObject({ rule: 'exact', spans: [{ start: 0, end: 6 }] });
  expect(store.samples.readGroup(third)?.zeroVariance).toBe(true);
  expect(store.samples.readGroup(9999)).toBeNull();
});

test('a completion is read token by token', () => {
  const [id] = store.samples.findCompletions('one', { stepFrom: 2 }, 'step', false);
  const recorded = store.reader.getStep('one', 2)?.groups[0].completions[0];
  const { tokens, policyLogps, referenceLogps, run, step } = store.samples.readTokens(id)!;
  expect([run, step, tokens, policyLogps, referenceLogps]).toEqual([
    'one',
    2,
    recorded?.tokens,
    recorded?.policyLogps,
    null,
  ]);
  expect(store.samples.readTokens(9999)).toBeNull();
});

test('one prompt over the steps', () => {
  store.writer.recordStep('one', {
    ...stepRecord(9, { groups: 1 }),
    groups: [{ ...stepRecord(9).groups[0], row: 100 }],
  });
  const moments = store.samples.promptHistory('one', 100);
  expect(moments.map(({ step, meanReward, minReward, maxReward }) => [step, meanReward, minReward, maxReward])).toEqual(
    [
      [1, 1, 0, 2],
      [9, 1, 0, 2],
    ],
  );
  expect([moments[1].best.text.slice(0, 12), moments[1].worst.reward]).toEqual(['Answer 9.0.2', 0]);
});

test('a bookmark is found, exported and taken back; each changes the version', () => {
  const version = store.samples.version('one');
  const [id] = store.samples.findCompletions('one', { stepFrom: 3 }, 'step', false);
  store.samples.bookmark(id, 'odd');
  expect(found({ bookmarked: true })).toEqual(['3.0.0']);
  expect(found({ bookmarked: false })).toHaveLength(14);
  expect(store.samples.exportRows([id])).toMatchObject([
    { step: 3, bookmark: { note: 'odd' }, text: 'So 12+30=42</think>' },
  ]);
  expect(store.samples.version('one')).not.toBe(version);
  store.samples.removeBookmark(id);
  expect(found({ bookmarked: true })).toEqual([]);
});

test('what a run takes back is found no more, nor kept in the index of words', () => {
  const [id] = store.samples.findCompletions('one', { stepFrom: 3 }, 'step', false);
  store.samples.bookmark(id, '');
  store.writer.rewindTo('one', 2);
  expect(found({ text: 'think' })).toEqual([]);
  store.writer.recordStep('one', stepRecord(3, { groups: 1 })); // may take the same ids
  expect(found({ text: 'think' })).toEqual([]);
  expect(found({ bookmarked: true })).toEqual([]);
  store.writer.deleteRun('two');
  expect(found({ text: 'answer' })).toHaveLength(15);
  expect(() => store.check()).not.toThrow();
});
