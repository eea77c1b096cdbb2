import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evaluationRecord, grpoRun, newRun, rewardModelRun, sftRun, stepRecord } from './fixtures/records.ts';
import type { RunStatus } from '../contract/run.ts';
import type { Store } from './interfaces.ts';
import { openStore } from './open.ts';

let store: Store;

beforeEach(() => {
  store = openStore(':memory:');
});

afterEach(() => store.close());

function change(id: string, from: RunStatus, to: RunStatus): void {
  store.writer.changeStatus(id, { from, to, error: null, event: { type: 'warning', step: 0, message: `now ${to}` } });
}

describe('runs', () => {
  test.each([grpoRun(), sftRun(), rewardModelRun()])('of type $type are kept', (run) => {
    store.writer.createRun(newRun('one', { run }));
    expect(store.reader.getRun('one').type).toBe(run.type);
  });

  test('come back as they were created', () => {
    const run = newRun('20261122-1748-7f3a', { run: sftRun({ max_steps: 7 }), evalDatasetHash: 'c'.repeat(64) });
    store.writer.createRun(run);
    const detail = store.reader.getRun(run.id);
    expect(detail).toMatchObject({
      ...run,
      type: 'sft',
      status: 'created',
      maxSteps: 7,
      step: 0,
      info: null,
      error: null,
    });
    expect(detail).toMatchObject({ reward: null, evalBefore: null, evalAfter: null, startedAt: null, hostPid: null });
    expect(new Date(detail.createdAt).toISOString()).toBe(detail.createdAt);
  });

  test('summarise their newest step and their first and newest evaluations', () => {
    store.writer.createRun(newRun('one'));
    store.writer.recordEvaluation('one', evaluationRecord(0, 0.25));
    expect(store.reader.getRun('one')).toMatchObject({ evalBefore: 0.25, evalAfter: null });
    store.writer.recordStep('one', stepRecord(9));
    store.writer.recordStep('one', stepRecord(10));
    store.writer.recordEvaluation('one', evaluationRecord(5, 0.5));
    store.writer.recordEvaluation('one', evaluationRecord(10, 0.75));
    expect(store.reader.listRuns()).toMatchObject([{ step: 10, reward: 1, evalBefore: 0.25, evalAfter: 0.75 }]);
  });

  test('are found by id, by name and by the beginning of the id', () => {
    for (const id of ['20261122-1748-7f3a', '20261122-1748-9b00', '20261123-0900-0001']) {
      store.writer.createRun(newRun(id, { name: id.endsWith('1') ? 'baseline' : 'sweep' }));
    }
    const resolve = (wanted: string) => store.reader.resolveRun(wanted).id;
    expect(resolve('20261122-1748-7f3a')).toBe('20261122-1748-7f3a');
    expect(resolve('baseline')).toBe('20261123-0900-0001');
    expect(resolve('20261122-1748-9')).toBe('20261122-1748-9b00');
    expect(() => resolve('sweep')).toThrow(/^2 runs fit sweep: .*7f3a.*Give more of the id/);
    expect(() => resolve('20261122')).toThrow(/^2 runs fit 20261122/);
    expect(() => resolve('basline')).toThrow('There is no run basline. Did you mean baseline?');
    expect(() => resolve('20261123-0900-0002')).toThrow('Did you mean 20261123-0900-0001');
    expect(() => resolve('quite another')).toThrow(/^There is no run quite another\. The newest run is 2026/);
    expect(() => resolve('%')).toThrow('There is no run %');
    expect(() => store.reader.getRun('baseline')).toThrow(expect.objectContaining({ code: 'run_not_found' }));
  });

  test('say so when there are none', () => {
    expect(() => store.reader.resolveRun('x')).toThrow('this database has no runs yet');
  });

  test('change status only from the status they have', () => {
    store.writer.createRun(newRun('one'));
    change('one', 'created', 'running');
    const running = store.reader.getRun('one');
    expect(running).toMatchObject({ status: 'running', hostPid: process.pid, endedAt: null });
    expect(store.reader.listActiveRuns()).toEqual(['one']);
    expect(() => change('one', 'created', 'running')).toThrow(expect.objectContaining({ code: 'run_state' }));
    store.writer.changeStatus('one', {
      from: 'running',
      to: 'failed',
      error: { code: 'engine_crashed', message: 'It is gone.' },
      event: { type: 'failed', step: 0, message: 'It is gone.' },
    });
    const failed = store.reader.getRun('one');
    expect(failed).toMatchObject({ status: 'failed', hostPid: null, error: { code: 'engine_crashed' } });
    expect(failed.endedAt).not.toBeNull();
    change('one', 'failed', 'running');
    expect(store.reader.getRun('one')).toMatchObject({ error: null, endedAt: null, startedAt: running.startedAt });
    expect(store.reader.listEvents('one').map(({ number, type }) => [number, type])).toEqual([
      [1, 'created'],
      [2, 'warning'],
      [3, 'failed'],
      [4, 'warning'],
    ]);
    expect(store.reader.listEvents('one', 3)).toHaveLength(1);
  });

  test('that were interrupted ended when their last step was recorded', () => {
    store.writer.createRun(newRun('one'));
    change('one', 'created', 'running');
    const { startedAt } = store.reader.getRun('one');
    change('one', 'running', 'interrupted');
    expect(store.reader.getRun('one').endedAt).toBe(startedAt);
  });
});

describe('steps', () => {
  test('come back whole, to the last bit', () => {
    store.writer.createRun(newRun('one'));
    const record = stepRecord(3);
    store.writer.recordStep('one', record);
    expect(store.reader.getStep('one', 3)).toEqual(record);
    expect(store.reader.getStep('one', 4)).toBeNull();
    const [, second] = store.reader.listGroups('one', 3);
    expect(second).toMatchObject({ position: 1, row: 301, promptTokens: Int32Array.from([1, 2, 4]) });
    expect(store.reader.listCompletions(second!.id)).toMatchObject(record.groups[1]!.completions);
  });

  test('take views into larger arrays', () => {
    store.writer.createRun(newRun('one'));
    const record = stepRecord(1, { groups: 1, size: 1 });
    record.groups[0]!.completions[0]!.tokens = Int32Array.from([9, 8, 7, 6, 5]).subarray(1, 3);
    store.writer.recordStep('one', record);
    expect(store.reader.getStep('one', 1)?.groups[0]?.completions[0]?.tokens).toEqual(Int32Array.from([8, 7]));
  });

  test('replace an earlier recording of themselves', () => {
    store.writer.createRun(newRun('one'));
    store.writer.recordStep('one', stepRecord(1, { groups: 5, size: 4 }));
    const smaller = { ...stepRecord(1, { groups: 1, size: 2 }), metrics: { loss: 3 } };
    store.writer.recordStep('one', smaller);
    expect(store.reader.getStep('one', 1)).toEqual(smaller);
    expect(store.reader.listMetricNames('one')).toEqual(['loss']);
  });

  test('leave nothing behind when a part of them is refused', () => {
    store.writer.createRun(newRun('one'));
    const record = stepRecord(1);
    record.groups[1]!.completions[2]!.advantage = NaN;
    expect(() => store.writer.recordStep('one', record)).toThrow(
      'The advantage of completion 2 of group 1 in step 1 is NaN, and only finite numbers can be recorded.',
    );
    expect(store.reader.getStep('one', 1)).toBeNull();
    expect(store.reader.listGroups('one', 1)).toEqual([]);
    expect(() => store.writer.recordStep('one', { step: 1, metrics: { kl: Infinity }, groups: [] })).toThrow(
      'Metric kl of step 1',
    );
    expect(() => store.writer.recordStep('none', stepRecord(1))).toThrow(
      expect.objectContaining({ code: 'store_failed' }),
    );
  });

  test('give series of metrics', () => {
    store.writer.createRun(newRun('one'));
    store.writer.createRun(newRun('two'));
    for (const step of [3, 1, 2]) store.writer.recordStep('one', stepRecord(step));
    store.writer.recordStep('two', stepRecord(1));
    expect(store.reader.listMetricNames('one')).toEqual(['kl', 'reward', 'rewards/exact/mean']);
    expect(store.reader.getMetricSeries('one', 'reward')).toEqual([
      { step: 1, value: 0.1 },
      { step: 2, value: 0.2 },
      { step: 3, value: 0.3 },
    ]);
  });
});

describe('evaluations', () => {
  test('come back whole and replace one at the same step', () => {
    store.writer.createRun(newRun('one'));
    store.writer.recordEvaluation('one', evaluationRecord(0, 0.5));
    const record = evaluationRecord(0, 0.25);
    store.writer.recordEvaluation('one', record);
    expect(store.reader.getEvaluation('one', 0)).toEqual(record);
    expect(store.reader.getEvaluation('one', 1)).toBeNull();
    expect(store.reader.listEvaluations('one')).toMatchObject([{ step: 0, metrics: record.metrics }]);
  });
});

describe('rewindTo', () => {
  test('deletes what came after the step, of this run only, and keeps the events', () => {
    for (const id of ['one', 'two']) {
      store.writer.createRun(newRun(id));
      for (const step of [1, 2, 3, 4]) store.writer.recordStep(id, stepRecord(step));
      for (const step of [0, 2, 4]) store.writer.recordEvaluation(id, evaluationRecord(step, step / 10));
      for (const step of [2, 4]) store.writer.recordCheckpoint(id, step, `/checkpoints/step-00000${step}`);
    }
    store.writer.rewindTo('one', 2);
    const steps = (id: string) => [1, 2, 3, 4].filter((step) => store.reader.getStep(id, step) !== null);
    expect([steps('one'), steps('two')]).toEqual([
      [1, 2],
      [1, 2, 3, 4],
    ]);
    expect(store.reader.listGroups('one', 3)).toEqual([]);
    expect(store.reader.getMetricSeries('one', 'kl')).toHaveLength(2);
    expect(store.reader.listEvaluations('one').map(({ step }) => step)).toEqual([0, 2]);
    expect(store.reader.listCheckpoints('one')).toMatchObject([{ step: 2, path: '/checkpoints/step-000002' }]);
    expect(store.reader.listCheckpoints('two')).toHaveLength(2);
    expect(store.reader.listEvents('one').map(({ type }) => type)).toEqual([
      'created',
      'checkpoint',
      'checkpoint',
      'rewound',
    ]);
    expect(() => store.check()).not.toThrow();
  });

  test('says nothing when there is nothing to delete', () => {
    store.writer.createRun(newRun('one'));
    store.writer.recordStep('one', stepRecord(1));
    store.writer.rewindTo('one', 1);
    expect(store.reader.listEvents('one')).toHaveLength(1);
  });
});
