import { describe, expect, test } from 'vitest';
import { binLengths, rowsAbove } from './histogram.ts';

describe('binLengths', () => {
  test('has bins of a round width that hold every row once, both ends among them', () => {
    const counts: [number, number][] = [
      [7, 1],
      [19, 2],
      [20, 3],
      [93, 4],
    ];
    const bins = binLengths(counts, 10);
    expect(bins[0]).toEqual({ from: 0, to: 9, rows: 1 });
    expect(bins.filter(({ rows }) => rows > 0)).toEqual([
      { from: 0, to: 9, rows: 1 },
      { from: 10, to: 19, rows: 2 },
      { from: 20, to: 29, rows: 3 },
      { from: 90, to: 99, rows: 4 },
    ]);
    expect(bins).toHaveLength(10);
  });

  test('one length is one bin, none is none', () => {
    expect(binLengths([[5, 9]], 40)).toEqual([{ from: 5, to: 5, rows: 9 }]);
    expect(binLengths([], 40)).toEqual([]);
  });
});

test('rowsAbove counts what is longer than the limit, not what reaches it', () => {
  const counts: [number, number][] = [
    [256, 5],
    [257, 2],
    [300, 1],
  ];
  expect(rowsAbove(counts, 256)).toBe(3);
  expect(rowsAbove(counts, 300)).toBe(0);
});
