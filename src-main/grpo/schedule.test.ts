import { describe, expect, test } from 'vitest';
import { golden, largestDifference } from '../../e2e/fixtures/golden.ts';
import { learningRateMultiplier, type Schedule } from './schedule.ts';

const { schedules } = golden<{ schedules: Record<string, number[]> }>('optimizer');

describe('learningRateMultiplier', () => {
  test.each([
    ['constant', 'constant', 0],
    ['constant_with_warmup', 'constant', 5],
    ['linear', 'linear', 5],
    ['cosine', 'cosine', 5],
  ] as const)('equals transformers: %s', (name, type: Schedule['type'], warmupSteps) => {
    const expected = schedules[name];
    const schedule = { type, warmupSteps, totalSteps: expected.length };
    const actual = expected.map((_, step) => learningRateMultiplier(schedule, step));
    expect(largestDifference(actual, expected)).toBeLessThan(1e-5);
  });
});
