import { describe, expect, test } from 'vitest';
import { golden, largestDifference } from '../../e2e/fixtures/golden.ts';
import { groupAdvantages } from './advantages.ts';

interface Case {
  name: string;
  num_generations: number;
  rewards: (number | null)[][];
  weights: number[];
  scale_rewards: string;
  aggregation: string;
  expected: { advantages: number[] };
}

const cases = golden<{ cases: Case[] }>('advantages').cases.filter(
  ({ scale_rewards, aggregation }) => scale_rewards === 'group' && aggregation === 'sum_then_normalize',
);

/** TRL's nansum over the reward functions; null when none applies. */
function total(scores: (number | null)[], weights: number[]): number | null {
  if (scores.every((score) => score === null)) return null;
  return scores.reduce<number>((sum, score, i) => sum + (score ?? 0) * weights[i], 0);
}

describe('groupAdvantages', () => {
  test.each(cases)('equals TRL: $name', ({ num_generations, rewards, weights, expected }) => {
    const totals = rewards.map((scores) => total(scores, weights));
    const advantages = [];
    for (let start = 0; start < totals.length; start += num_generations) {
      advantages.push(...groupAdvantages(totals.slice(start, start + num_generations)));
    }
    expect(largestDifference(advantages, expected.advantages)).toBeLessThan(1e-4);
  });

  test('sum to zero within a group', () => {
    const advantages = groupAdvantages([0.3, 1, 0.25, 7, -2]);
    expect(advantages.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
  });

  test('are zero when all rewards are equal, and for a group with a single known reward', () => {
    expect(largestDifference(groupAdvantages([0.1, 0.1, 0.1]), [0, 0, 0])).toBeLessThan(1e-9);
    expect([...groupAdvantages([null, 3, null])]).toEqual([0, 0, 0]);
  });
});
