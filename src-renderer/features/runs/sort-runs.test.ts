import { expect, test } from 'vitest';
import type { RunSummary } from '../../../src-main/contract/run.ts';
import { filterRuns, sortRuns } from './sort-runs.ts';

const run = (name: string, fields: Partial<RunSummary> = {}) =>
  ({
    id: `id-${name}`,
    name,
    status: 'completed',
    step: 1,
    evalBefore: null,
    evalAfter: null,
    ...fields,
  }) as RunSummary;
const names = (runs: RunSummary[]) => runs.map(({ name }) => name);

const runs = [
  run('Beta', { step: 3, evalBefore: 0.5 }),
  run('alpha', { step: 3, evalBefore: 0.1, evalAfter: 0.9 }),
  run('gamma', { step: 20, status: 'failed' }),
];

test('runs are sorted by what is shown; those without a value come last in both directions', () => {
  expect(names(sortRuns(runs, { column: 'name', descending: false }, 0))).toEqual(['alpha', 'Beta', 'gamma']);
  expect(names(sortRuns(runs, { column: 'steps', descending: true }, 0))).toEqual(['gamma', 'Beta', 'alpha']);
  expect(names(sortRuns(runs, { column: 'accuracy', descending: true }, 0))).toEqual(['alpha', 'Beta', 'gamma']);
  expect(names(sortRuns(runs, { column: 'accuracy', descending: false }, 0))).toEqual(['Beta', 'alpha', 'gamma']);
});

test('runs are found by words of their name in any order, by the beginning of their id, and by status', () => {
  const named = [run('lr 1e-4 seed 2'), run('lr 1e-4 seed 3')];
  expect(names(filterRuns(named, { text: ' seed  LR 3 ', status: 'all' }))).toEqual(['lr 1e-4 seed 3']);
  expect(names(filterRuns(runs, { text: 'id-gam', status: 'all' }))).toEqual(['gamma']);
  expect(names(filterRuns(runs, { text: '', status: 'failed' }))).toEqual(['gamma']);
});
