import { describe, expect, test } from 'vitest';
import { comparePaired, quantile, signTest } from './paired-bootstrap.ts';

const first = [0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0.5, 0, 1, 0];
const second = [1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0.25];

test('agrees with NumPy, which resampled by the same draws', () => {
  const result = comparePaired(first, second);
  expect(result).toMatchObject({ prompts: 16, wins: 6, losses: 1, ties: 9 });
  expect(result.pValue).toBeCloseTo(0.125, 12);
  expect(result.firstMean).toBeCloseTo(0.40625, 12);
  expect(result.secondMean).toBeCloseTo(0.640625, 12);
  expect(result.difference).toBeCloseTo(0.234375, 12);
  expect([result.low, result.high]).toEqual([-0.015625, 0.484375]);
});

test('is the same every time, and turns around with its sides', () => {
  const result = comparePaired(first, second);
  expect(comparePaired(first, second)).toEqual(result);
  const turned = comparePaired(second, first);
  expect([turned.difference, turned.wins, turned.losses]).toEqual([-0.234375, 1, 6]);
  expect([turned.low, turned.high]).toEqual([-result.high, -result.low]);
});

test('what is equally hard for both takes no part in the interval', () => {
  const hard = first.map((score, i) => score + 100 * i);
  const also = second.map((score, i) => score + 100 * i);
  const { low, high } = comparePaired(hard, also);
  expect(low).toBeCloseTo(-0.015625, 9);
  expect(high).toBeCloseTo(0.484375, 9);
});

test('equal scores, and a single prompt', () => {
  expect(comparePaired([1, 0], [1, 0])).toMatchObject({ low: 0, high: 0, wins: 0, losses: 0, ties: 2, pValue: 1 });
  expect(comparePaired([0.1 + 0.2], [0.3])).toMatchObject({ ties: 1 });
  expect(comparePaired([0], [1])).toMatchObject({ prompts: 1, difference: 1, low: 1, high: 1, pValue: 1 });
});

describe('signTest', () => {
  test('agrees with the binomial sum in exact integers', () => {
    expect(signTest(6, 1)).toBeCloseTo(0.125, 12);
    expect(signTest(12, 3)).toBeCloseTo(0.03515625, 12);
    expect(signTest(30, 45)).toBeCloseTo(0.10534226887460488, 12);
    expect(signTest(2000, 2100)).toBeCloseTo(0.12206497999113813, 9);
    expect(signTest(5, 5)).toBe(1);
    expect(signTest(0, 0)).toBe(1);
  });
});

test('quantiles are those of NumPy', () => {
  const values = [1, 2, 4, 8, 16];
  expect([0.025, 0.3, 0.975].map((share) => Number(quantile(values, share).toFixed(12)))).toEqual([1.1, 2.4, 15.2]);
  expect(quantile([7], 0.975)).toBe(7);
});
