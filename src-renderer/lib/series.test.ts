import { expect, test } from 'vitest';
import { aggregate, align, decimate, smooth } from './series.ts';

test('decimation keeps the extremes, the ends and the order, and few points', () => {
  const x = Array.from({ length: 100_000 }, (_, i) => i);
  const y = x.map((i) => Math.sin(i / 500));
  y[77_777] = 40;
  y[12_345] = -40;
  const thin = decimate({ x, y }, 500);
  expect(thin.x.length).toBeLessThanOrEqual(2000);
  expect(Math.max(...(thin.y as number[]))).toBe(40);
  expect(Math.min(...(thin.y as number[]))).toBe(-40);
  expect([thin.x[0], thin.x.at(-1)]).toEqual([0, 99_999]);
  expect(thin.x.every((value, i) => i === 0 || value > thin.x[i - 1])).toBe(true);
});

test('decimation leaves a short series, and takes missing values', () => {
  const short = { x: [1, 2], y: [3, null] };
  expect(decimate(short, 1)).toEqual(short);
  const holes = decimate({ x: [1, 2, 3, 4, 5, 6], y: [null, null, 7, 2, null, null] }, 1);
  expect(holes.y).toEqual([null, 7, 2, null]);
});

test('smoothing starts at the first value and follows the rest', () => {
  expect(smooth([1, 2, 3], 0)).toEqual([1, 2, 3]);
  const smoothed = smooth([4, null, 0], 0.5);
  expect(smoothed[0]).toBe(4);
  expect(smoothed[1]).toBeNull();
  expect(smoothed[2]).toBeCloseTo((0.5 * 0.5 * 4 + 0.5 * 0) / 0.75);
});

test('aligned series share one axis', () => {
  expect(
    align([
      { x: [1, 3], y: [10, 30] },
      { x: [2, 3], y: [5, null] },
    ]),
  ).toEqual({
    x: [1, 2, 3],
    ys: [
      [10, null, 30],
      [null, 5, null],
    ],
  });
});

test('seeds are aggregated where at least one has a value', () => {
  const seeds = [
    { x: [1, 2], y: [0, 4] },
    { x: [1, 2, 3], y: [1, null, null] },
  ];
  expect(aggregate(seeds)).toEqual({ x: [1, 2], mean: [0.5, 4], low: [0, 4], high: [1, 4] });
});
