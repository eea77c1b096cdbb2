import { describe, expect, test } from 'vitest';
import { highEntropyTokens, policyDrift } from './masks.ts';
import { quantile } from './statistics.ts';

describe('highEntropyTokens', () => {
  test('keeps the top share', () => {
    expect(highEntropyTokens([0.5, 4, 1, 3, 2, 0.25], 0.2)).toEqual({ threshold: 3, tokens: 2 });
    expect(highEntropyTokens([0.5, 4, 1, 3, 2], 0)).toEqual({ threshold: 4, tokens: 1 });
    expect(highEntropyTokens([0.5, 4, 1, 3, 2], 1)).toEqual({ threshold: 0.5, tokens: 5 });
  });

  test('counts the token at a rank that is whole but for rounding, whatever its float32 neighbours', () => {
    // 25 · float32(0.6) is a little more than 15; torch keeps the token of rank 15.
    const entropies = Array.from({ length: 26 }, (_, i) => 1 + i / 100);
    expect(highEntropyTokens(entropies, 0.4).tokens).toBe(11);
  });
});

test('a quantile between two values is on the line between them', () => {
  expect(quantile([1, 2, 4, 3], 0.5)).toBe(2.5);
  expect(quantile([4, 0], 0.25)).toBe(1);
});

test('policyDrift is the mean log-prob a completion has lost since it was sampled', () => {
  expect(policyDrift(Float64Array.of(-1, -3), Float64Array.of(-1.5, -1))).toBe(0.75);
  expect(policyDrift(new Float64Array(), new Float64Array())).toBe(0);
});
