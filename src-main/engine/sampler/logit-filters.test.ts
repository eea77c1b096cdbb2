import { describe, expect, test } from 'vitest';
import { sampling } from '../../../e2e/golden/suites/sampling.ts';
import { testGolden } from '../../../e2e/golden/test-suite.ts';
import {
  drawToken,
  filterLogits,
  likeliestToken,
  logProbability,
  softmax,
  type LogitFilters,
} from './logit-filters.ts';

const off: LogitFilters = { temperature: 1, top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1 };

describe('filterLogits', () => {
  describe('equals transformers', () => testGolden(sampling));

  test('keeps the likeliest token however strict the filter', () => {
    const logits = Float32Array.of(0, 3, 1);
    filterLogits(logits, [], { ...off, top_p: 1e-9 });
    expect([...softmax(logits)]).toEqual([0, 1, 0]);
  });
});

describe('drawing a token', () => {
  test('follows the distribution and never takes a filtered token', () => {
    const logits = Float32Array.of(Math.log(0.5), -Infinity, Math.log(0.3), Math.log(0.2));
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 1000; i++) counts[drawToken(logits, (i + 0.5) / 1000)]++;
    expect(counts).toEqual([500, 0, 300, 200]);
    expect(drawToken(Float32Array.of(0, -Infinity), 1 - 2 ** -53)).toBe(0);
  });

  test('the likeliest token is the first of equals', () => expect(likeliestToken([1, 5, 5, 2])).toBe(1));

  test('log-probability divides by the temperature', () => {
    const scaled = softmax([1 / 0.7, 2 / 0.7, -1 / 0.7]);
    expect(logProbability([1, 2, -1], 2, 0.7)).toBeCloseTo(Math.log(scaled[2]), 12);
  });
});
