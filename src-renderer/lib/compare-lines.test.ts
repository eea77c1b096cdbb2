import { describe, expect, test } from 'vitest';
import type { ComparedRun } from '../../src-main/contract/api/compare.ts';
import { aggregateRuns, compareLines, groupRuns } from './compare-lines.ts';

const run = (id: string, seedGroup: number) => ({ id, seedGroup, name: 'name', label: `run ${id}` }) as ComparedRun;
const runs = [run('a', 0), run('b', 1), run('c', 0)];
const settings = [
  { section: 'settings' as const, field: 'beta', values: ['0', '0.04', '0.04'], differs: true },
  { section: 'rewards' as const, field: 'exact.weight', values: ['1', null, '1'], differs: true },
];

describe('groupRuns', () => {
  const grouped = (by: string) => groupRuns(runs, settings, by).map(({ label, runs: ids }) => [label, ids]);

  test('seeds together, each alone, or by a setting', () => {
    expect(grouped('seeds')).toEqual([
      ['name (2 runs)', ['a', 'c']],
      ['run b', ['b']],
    ]);
    expect(grouped('runs')).toEqual([
      ['run a', ['a']],
      ['run b', ['b']],
      ['run c', ['c']],
    ]);
    expect(grouped('beta')).toEqual([
      ['run a', ['a']],
      ['beta: 0.04 (2 runs)', ['b', 'c']],
    ]);
    expect(grouped('rewards.exact.weight')[0]).toEqual(['rewards.exact.weight: 1 (2 runs)', ['a', 'c']]);
  });

  test('a field that no run has leaves each alone', () => {
    expect(grouped('gone')).toHaveLength(3);
  });
});

test('aggregation begins where all have begun, interpolates within each run, and goes on with those that last', () => {
  const series = [
    { x: [0, 10], y: [0, 10] },
    { x: [5, 10, 20], y: [7, 14, 30] },
  ];
  expect(aggregateRuns(series, 'range')).toEqual({
    x: [5, 10, 20],
    mean: [6, 12, 30],
    low: [5, 10, 30],
    high: [7, 14, 30],
  });
  const { low, high } = aggregateRuns(series, 'deviation');
  expect(low[0]).toBeCloseTo(6 - Math.SQRT2, 12);
  expect(high[0]).toBeCloseTo(6 + Math.SQRT2, 12);
  expect([low[2], high[2]]).toEqual([30, 30]);
});

describe('compareLines', () => {
  const curve = (...y: number[]) => ({ x: y.map((_, i) => i + 1), steps: y.map((_, i) => i + 1), y });
  const curves = new Map([
    ['a', curve(0, 2)],
    ['b', curve(1, 1)],
    ['c', curve(4, 2)],
  ]);

  test('a single run has its raw line behind the smoothed one, several have a band', () => {
    const groups = groupRuns(runs, settings, 'seeds');
    const lines = compareLines(groups, curves, { weight: 0.5, band: 'range' });
    expect(lines.map(({ label, faint, band }) => [label, faint ?? false, band !== undefined])).toEqual([
      ['name (2 runs)', true, false],
      ['name (2 runs)', false, true],
      ['run b', true, false],
      ['run b', false, false],
    ]);
    expect(lines[0].y).toEqual([2, 2]);
    expect(lines[1].band?.low[0]).toBe(0);
    expect(lines[1].y[1]).toBeCloseTo((4 / 3 + 8 / 3) / 2, 12);
  });

  test('without smoothing there is no raw line, and without a curve no line', () => {
    const groups = groupRuns([...runs, run('d', 3)], settings, 'runs');
    const lines = compareLines(groups, curves, { weight: 0, band: 'range' });
    expect(lines.map(({ label, y }) => [label, y])).toEqual([
      ['run a', [0, 2]],
      ['run b', [1, 1]],
      ['run c', [4, 2]],
    ]);
  });
});
