import { describe, expect, test } from 'vitest';
import { golden, largestDifference } from '../../e2e/fixtures/golden.ts';
import { decoupledAdvantages, groupAdvantages, totalReward, type AdvantageOptions } from './advantages.ts';
import { samplingMetrics } from './metrics.ts';

interface Case {
  name: string;
  num_generations: number;
  rewards: (number | null)[][];
  weights: number[];
  scale_rewards: AdvantageOptions['scale'];
  aggregation: 'sum_then_normalize' | 'normalize_then_sum';
  expected: { advantages: number[]; reward_mean: number; reward_std: number; frac_reward_zero_std: number };
}

const paper = { baseline: 'mean', scale: 'group' } as const;

describe('advantages', () => {
  test.each(golden<{ cases: Case[] }>('advantages').cases)('equal TRL: $name', (reference) => {
    const { num_generations, rewards, weights, scale_rewards, aggregation, expected } = reference;
    const scores: (number | null)[][][] = [];
    for (let start = 0; start < rewards.length; start += num_generations) {
      scores.push(rewards.slice(start, start + num_generations));
    }
    const totals = scores.map((group) => group.map((completion) => totalReward(completion, weights)));
    const advantages =
      aggregation === 'sum_then_normalize'
        ? groupAdvantages(totals, { baseline: 'mean', scale: scale_rewards })
        : decoupledAdvantages(scores, weights);
    const flat = advantages.flatMap((group) => Array.from(group));
    expect(largestDifference(flat, expected.advantages)).toBeLessThan(1e-4);

    const metrics = samplingMetrics(
      totals.map((group) => ({
        completions: group.map((reward) => ({ length: 1, terminated: true, reward, scores: [] })),
      })),
      [],
    );
    expect(Math.abs(metrics.reward - expected.reward_mean)).toBeLessThan(1e-4);
    expect(Math.abs(metrics.reward_std - expected.reward_std)).toBeLessThan(1e-4);
    expect(Math.abs(metrics.frac_reward_zero_std - expected.frac_reward_zero_std)).toBeLessThan(1e-4);
  });

  test('are zero when all rewards are equal, and for a group with a single known reward', () => {
    const [equal, single] = groupAdvantages(
      [
        [0.1, 0.1, 0.1],
        [null, 3, null],
      ],
      paper,
    );
    expect([...equal]).toEqual([0, 0, 0]);
    expect([...groupAdvantages([[0.1, 0.1, 0.1]], { baseline: 'leave_one_out', scale: 'none' })[0]]).toEqual([0, 0, 0]);
    expect([...single]).toEqual([0, 0, 0]);
    expect([...groupAdvantages([[null, 3, null]], { baseline: 'leave_one_out', scale: 'none' })[0]]).toEqual([0, 0, 0]);
  });

  test('leave-one-out takes the mean of the others', () => {
    const [advantages] = groupAdvantages([[1, 4, null, 10]], { baseline: 'leave_one_out', scale: 'none' });
    expect([...advantages]).toEqual([1 - 7, 4 - 5.5, 0, 10 - 2.5]);
  });

  test('without a baseline a reward is the advantage', () => {
    const rewards = [
      [1, 0, null],
      [3, 2, 2],
    ];
    const plain = groupAdvantages(rewards, { baseline: 'none', scale: 'none' });
    expect(plain.map((group) => [...group])).toEqual([
      [1, 0, 0],
      [3, 2, 2],
    ]);
    const scaled = groupAdvantages(rewards, { baseline: 'none', scale: 'batch' });
    const deviation = Math.sqrt(1.3); // of 1, 0, 3, 2, 2
    expect(scaled[1][0]).toBeCloseTo(3 / (deviation + 1e-4), 12);
  });

  test('of decoupled rules do not depend on the scale of a rule', () => {
    const groups = [
      [
        [0, 0.1],
        [1, 0.9],
        [1, 0.4],
      ],
    ];
    const stretched = groups.map((group) => group.map(([a, b]) => [1000 * a, b]));
    const [plain] = decoupledAdvantages(groups, [1, 1]);
    const [wide] = decoupledAdvantages(stretched, [1, 1]);
    expect(largestDifference(plain, wide)).toBeLessThan(1e-3);
    const summed = stretched.map((group) => group.map((scores) => totalReward(scores, [1, 1])));
    expect(largestDifference(groupAdvantages(summed, paper)[0], plain)).toBeGreaterThan(0.1);
  });

  test('a total leaves out the rules that do not apply', () => {
    expect(totalReward([1, null, 3], [2, 5, 0.5])).toBe(3.5);
    expect(totalReward([null, null], [1, 1])).toBeNull();
  });
});
