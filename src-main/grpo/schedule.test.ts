import { describe, expect, test } from 'vitest';
import { golden, largestDifference } from '../../e2e/fixtures/golden.ts';
import { learningRateMultiplier, type Schedule } from './schedule.ts';

const { schedules } = golden<{ schedules: Record<string, number[]> }>('optimizer');

const types: Record<string, { type: Schedule['type']; warmupSteps: number }> = {
  constant: { type: 'constant', warmupSteps: 0 },
  constant_with_warmup: { type: 'constant', warmupSteps: 5 },
  linear: { type: 'linear', warmupSteps: 5 },
  cosine: { type: 'cosine', warmupSteps: 5 },
};

describe('learningRateMultiplier', () => {
  test.each(Object.entries(schedules))('equals transformers: %s', (name, expected) => {
    const schedule = { ...types[name], totalSteps: expected.length };
    const actual = expected.map((_, step) => learningRateMultiplier(schedule, step));
    expect(largestDifference(actual, expected)).toBeLessThan(1e-5);
  });
});
