import { afterEach, beforeEach, expect, test } from 'vitest';
import { newRun } from './fixtures/records.ts';
import type { Store } from './interfaces.ts';
import { openStore } from './open.ts';

let store: Store;

beforeEach(() => {
  store = openStore(':memory:');
  store.writer.createRun(newRun('long'));
  store.writer.createRun(newRun('other'));
  for (let step = 3; step <= 1002; step++) {
    const reward = step === 700 ? 40 : step === 701 ? -40 : Math.sin(step / 50);
    store.writer.recordStep('long', { step, metrics: { reward, kl: step }, groups: [] });
  }
});

afterEach(() => store.close());

test('a long series is thinned, and its extremes, ends and order stay', () => {
  const points = store.reader.getThinSeries('long', 'reward', { after: 0, maxPoints: 40 });
  expect(points.length).toBeLessThanOrEqual(42);
  expect(points).toContainEqual({ step: 700, value: 40 });
  expect(points).toContainEqual({ step: 701, value: -40 });
  const steps = points.map(({ step }) => step);
  expect([steps[0], steps.at(-1)]).toEqual([3, 1002]);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
});

test('a short one comes whole, from a step on', () => {
  const points = store.reader.getThinSeries('long', 'kl', { after: 999, maxPoints: 40 });
  expect(points).toEqual([1000, 1001, 1002].map((step) => ({ step, value: step })));
  expect(store.reader.getThinSeries('long', 'reward_std', { after: 0, maxPoints: 40 })).toEqual([]);
});

test('metrics are listed by name, for the run alone', () => {
  expect(store.reader.listMetricNames('long')).toEqual(['kl', 'reward']);
  expect(store.reader.listMetricNames('other')).toEqual([]);
});

test('a deleted run leaves nothing behind, and a renamed one keeps its records', () => {
  store.writer.renameRun('long', 'renamed');
  expect(store.reader.getRun('long')).toMatchObject({ name: 'renamed', step: 1002 });
  store.writer.deleteRun('long');
  expect(store.reader.listRuns().map(({ id }) => id)).toEqual(['other']);
  expect(store.reader.getMetricSeries('long', 'kl')).toEqual([]);
  expect(store.reader.listEvents('long')).toEqual([]);
  expect(() => store.check()).not.toThrow();
});
