import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EvaluationRecord } from '../../contract/engine.ts';
import { evaluationRecord, grpoRun, newRun, rewardModelRun, stepRecord } from '../../store/fixtures/records.ts';
import type { Store } from '../../store/interfaces.ts';
import { openStore } from '../../store/open.ts';
import { compareRunEvaluations, compareRuns, listEvaluationDifferences } from './compare-runs.ts';
import { readCurves } from './metric-curves.ts';
import { listSharedPrompts, readPromptCompletions } from './shared-prompts.ts';

let store: Store;

beforeEach(() => {
  store = openStore(':memory:');
});

afterEach(() => store.close());

/** Greedy answers to rows 0, 1, …, scored as given. */
function evaluation(step: number, scores: (number | null)[]): EvaluationRecord {
  const [sample] = evaluationRecord(step, 0).samples;
  const samples = scores.map((score, row) => ({
    ...sample,
    row,
    prompt: `Held-out ${row}?`,
    reward: score,
    scores: [{ rule: 'exact', score, why: '' }],
  }));
  return { step, metrics: { accuracy: step / 10 }, samples };
}

const held = { evalDatasetHash: 'e'.repeat(64) };
const rules = (weight: number) => [
  { type: 'regex' as const, name: 'tagged', pattern: '<answer>' },
  { type: 'answer_match' as const, name: 'exact', weight },
];

describe('compareRuns', () => {
  test('tells seeds from settings, names apart, and runs that are gone', () => {
    store.writer.createRun(newRun('a', { name: 'x', run: grpoRun({ seed: 1 }) }));
    store.writer.createRun(newRun('b', { name: 'x', run: grpoRun({ seed: 2 }) }));
    store.writer.createRun(newRun('c', { name: 'x', run: grpoRun({ seed: 2, beta: 0 }) }));
    store.writer.createRun(newRun('d', { name: 'y', run: grpoRun({ beta: 0 }) }));
    const { runs, missing } = compareRuns(store.reader, ['a', 'b', 'gone', 'c', 'd', 'a']);
    expect(runs.map(({ label, seedGroup }) => [label, seedGroup])).toEqual([
      ['x, seed 1', 0],
      ['x, b', 0],
      ['x, c', 1],
      ['y', 1],
    ]);
    expect(missing).toEqual(['gone']);
  });

  test('settings side by side, rules by name whatever their order', () => {
    store.writer.createRun(newRun('a'));
    store.writer.createRun(newRun('b', { run: grpoRun({ rewards: rules(0.5), learning_rate: 2e-6 }), ...held }));
    store.writer.createRun(newRun('c', { run: rewardModelRun() }));
    const { settings } = compareRuns(store.reader, ['a', 'b', 'c']);
    const of = (field: string) => settings.find((setting) => setting.field === field);
    expect(of('learning_rate')).toMatchObject({
      section: 'settings',
      values: ['1e-6', '2e-6', '1e-4'],
      differs: true,
    });
    expect(of('epsilon')).toMatchObject({ values: ['0.2', '0.2', null], differs: true });
    expect(of('adam_beta1')).toMatchObject({ differs: false });
    expect(of('exact')).toMatchObject({ section: 'rewards', values: ['rule 1', 'rule 2', null] });
    expect(of('exact.weight')).toMatchObject({ values: ['1', '0.5', null], differs: true });
    expect(of('tagged.pattern')).toMatchObject({ values: ['<answer>', '<answer>', null] });
    expect(of('eval_dataset rows, SHA-256')?.values).toEqual([null, 'e'.repeat(64), null]);
    expect(settings.some(({ field }) => field === 'name')).toBe(false);
  });

  test('final values are means of the newest ten steps, and the last evaluation', () => {
    store.writer.createRun(newRun('a'));
    for (let step = 1; step <= 15; step++) store.writer.recordStep('a', stepRecord(step));
    store.writer.recordEvaluation('a', evaluation(0, [1]));
    store.writer.recordEvaluation('a', evaluation(15, [1]));
    const [run] = compareRuns(store.reader, ['a']).runs;
    expect(run.finals['reward']).toBeCloseTo((0.6 + 1.5) / 2, 12);
    expect(run.finals['eval/accuracy']).toBe(1.5);
    expect(run.evaluationSteps).toEqual([0, 15]);
    expect(run.metricNames).toEqual(['kl', 'reward', 'rewards/exact/mean', 'eval/accuracy']);
  });
});

describe('readCurves', () => {
  test('over steps, tokens, samples and time', () => {
    store.writer.createRun(newRun('a'));
    for (let step = 1; step <= 3; step++) {
      const record = stepRecord(step);
      store.writer.recordStep('a', { ...record, metrics: { ...record.metrics, num_tokens: 100 * step, step_time: 2 } });
    }
    store.writer.recordEvaluation('a', evaluation(0, [1]));
    store.writer.recordEvaluation('a', evaluation(2, [1]));
    const run = store.reader.getRun('a');
    const names = ['reward', 'eval/accuracy', 'none'];
    const over = (axis: 'step' | 'tokens' | 'samples' | 'time') =>
      readCurves(store.reader, run, { names, axis, maxPoints: 100 });
    expect(over('step')).toEqual({
      reward: { x: [1, 2, 3], steps: [1, 2, 3], y: [0.1, 0.2, 0.3] },
      'eval/accuracy': { x: [0, 2], steps: [0, 2], y: [0, 0.2] },
    });
    expect(over('tokens')['reward'].x).toEqual([100, 200, 300]);
    expect(over('samples')['reward'].x).toEqual([6, 12, 18]);
    expect(over('time')['reward'].x).toEqual([2, 4, 6]);
    expect(over('time')['eval/accuracy'].x).toEqual([0, 4]);
  });

  test('a run without counted tokens has no curve over them', () => {
    store.writer.createRun(newRun('a'));
    store.writer.recordStep('a', stepRecord(1));
    const options = { names: ['reward'], axis: 'tokens' as const, maxPoints: 100 };
    expect(readCurves(store.reader, store.reader.getRun('a'), options)).toEqual({});
  });
});

describe('the same prompt', () => {
  /** A step whose groups are of the given rows. */
  function record(id: string, step: number, rows: number[]) {
    const { groups, metrics } = stepRecord(step, { groups: rows.length });
    store.writer.recordStep(id, {
      step,
      metrics,
      groups: groups.map((group, i) => ({ ...group, row: rows[i], prompt: `What is row ${rows[i]}?` })),
    });
  }

  beforeEach(() => {
    for (const id of ['a', 'b']) store.writer.createRun(newRun(id));
    store.writer.createRun(newRun('other', { datasetHash: 'f'.repeat(64) }));
    record('a', 1, [4, 7]);
    record('a', 2, [9]);
    record('b', 1, [9]);
    record('b', 3, [7]);
    record('b', 5, [7]);
  });

  test('prompts that most runs sampled come first', () => {
    const runs = ['a', 'b', 'other'].map((id) => store.reader.getRun(id));
    const { prompts, total, leftOut } = listSharedPrompts(store.reader, runs, '');
    expect(prompts.map(({ row, runs: count, step, atStep }) => [row, count, step, atStep])).toEqual([
      [7, 2, 1, 1],
      [9, 2, 1, 1],
      [4, 1, 1, 1],
    ]);
    expect(total).toBe(3);
    expect(leftOut).toEqual([{ run: 'other', why: 'It learned from other rows.' }]);
    expect(listSharedPrompts(store.reader, runs, 'ROW 9').prompts.map(({ row }) => row)).toEqual([9]);
    expect(listSharedPrompts(store.reader, runs, '4').prompts.map(({ row }) => row)).toEqual([4]);
  });

  test('each run answers at the step nearest to the one asked for', () => {
    const runs = ['a', 'b'].map((id) => store.reader.getRun(id));
    const at = (row: number, step: number) => readPromptCompletions(store.reader, runs, row, step);
    expect(at(7, 4)).toMatchObject({
      steps: [1, 3, 5],
      columns: [
        { run: 'a', step: 1 },
        { run: 'b', step: 3 },
      ],
    });
    const [column] = at(7, 1).columns;
    expect(column.prompt).toBe('What is row 7?');
    expect(column.completions.map(({ advantage }) => advantage)).toEqual([1, 0, -1]);
    expect(column.completions[0]).toMatchObject({
      length: 4,
      finishReason: 'eos',
      scores: [{ rule: 'exact' }, { rule: 'tagged' }],
    });
    expect(at(4, 1).columns[1]).toEqual({ run: 'b', step: null, prompt: '', completions: [] });
  });
});

describe('compareRunEvaluations', () => {
  const compare = (ids: string[], choice = {}) =>
    compareRunEvaluations(store.reader, ids, { baseline: ids[0], steps: {}, ...choice });

  function add(id: string, records: EvaluationRecord[], overrides = {}) {
    store.writer.createRun(newRun(id, { name: id.toUpperCase(), ...held, ...overrides }));
    for (const record of records) store.writer.recordEvaluation(id, record);
  }

  const few = Array.from({ length: 40 }, (_, i) => (i < 10 ? 1 : 0));
  const many = Array.from({ length: 40 }, (_, i) => (i < 30 ? 1 : 0));

  test('says who is better, by how much and on how many prompts', () => {
    add('a', [evaluation(0, few), evaluation(5, few)]);
    add('b', [evaluation(5, many)]);
    const { pairs, measures, measure } = compare(['a', 'b']);
    expect(measures).toEqual(['reward', 'exact', 'tagged']);
    expect(measure).toBe('reward');
    expect(pairs.map(({ sentence }) => sentence)).toEqual([
      'A at step 5 and itself before training score the same on 40 prompts.',
      expect.stringMatching(/^B is better than A by 0\.50 \[0\.3\d, 0\.6\d\] on 40 prompts\.$/),
    ]);
    expect(pairs[1].result).toMatchObject({ wins: 20, losses: 0, ties: 20, firstMean: 0.25, secondMean: 0.75 });
    const worse = compare(['b', 'a']).pairs[0];
    expect(worse.sentence).toMatch(/^A is worse than B by 0\.50 \[0\.3\d, 0\.6\d\] on 40 prompts\.$/);
    expect(worse.notes).toEqual([]);
  });

  test('leaves out prompts without a score, and says when the interval is rough', () => {
    add('a', [evaluation(5, [1, null, 0, 1])]);
    add('b', [evaluation(5, [0, 1, 1])]);
    const [pair] = compare(['a', 'b']).pairs;
    expect(pair.result).toMatchObject({ prompts: 2, wins: 1, losses: 1 });
    expect(pair.sentence).toMatch(/^No clear difference between B and A: 0\.000 \[−1\.000, 1\.000\] on 2 prompts\.$/);
    expect(pair.notes).toEqual([
      'With so few prompts the interval is rough.',
      '2 of 4 prompts have no score in one of the two, and are left out.',
    ]);
  });

  test('pairs only what was evaluated on the same rows', () => {
    add('a', [evaluation(5, few)]);
    add('b', [evaluation(5, many)], { evalDatasetHash: 'f'.repeat(64) });
    add('c', []);
    const { pairs, withoutEvaluation } = compare(['a', 'b', 'c']);
    expect(pairs).toMatchObject([
      { sentence: 'B and A were evaluated on different rows, so they cannot be paired.', result: null },
    ]);
    expect(withoutEvaluation).toEqual(['c']);
    expect(compare(['c', 'a'])).toMatchObject({ pairs: [], withoutEvaluation: ['c'] });
  });

  test('rewards of different rules are not taken for the same measure', () => {
    add('a', [evaluation(5, few)]);
    add('b', [evaluation(5, many)], { run: grpoRun({ rewards: rules(0.5) }) });
    expect(compare(['a', 'b'])).toMatchObject({ measure: 'exact', measures: ['reward', 'exact', 'tagged'] });
    expect(compare(['a', 'b'], { measure: 'reward' }).pairs[0].notes).toEqual([
      'Their rewards come from different rules: choose a rule that both have.',
    ]);
  });

  test('takes the evaluation that is asked for', () => {
    add('a', [evaluation(0, many), evaluation(5, few)]);
    add('b', [evaluation(0, few), evaluation(5, many)]);
    const { pairs } = compare(['a', 'b'], { steps: { a: 0, b: 0 } });
    expect(pairs).toMatchObject([
      { first: { run: 'a', step: 0 }, second: { run: 'b', step: 0 }, result: { losses: 20 } },
    ]);
  });

  test('lists the prompts that differ most', () => {
    add('a', [evaluation(5, [1, 0.5, 0, 1])]);
    add('b', [evaluation(5, [1, 1, 1, 0.25])]);
    const ends = [
      { run: 'a', step: 5 },
      { run: 'b', step: 5 },
    ] as const;
    const differences = listEvaluationDifferences(store.reader, ends[0], ends[1], 'exact');
    expect(differences.map(({ row, difference }) => [row, difference])).toEqual([
      [2, 1],
      [3, -0.75],
      [1, 0.5],
      [0, 0],
    ]);
    expect(differences[0]).toMatchObject({
      prompt: 'Held-out 2?',
      first: { reward: 0 },
      second: { reward: 1, advantage: null },
    });
    expect(() => listEvaluationDifferences(store.reader, ends[0], { run: 'b', step: 9 }, 'exact')).toThrow(
      'Run b made no evaluation at step 9.',
    );
  });
});
