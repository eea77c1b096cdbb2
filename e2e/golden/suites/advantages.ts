/** advantages.json: advantages and reward metrics of scored groups. */
import { z } from 'zod';
import { decoupledAdvantages, groupAdvantages, totalReward } from '../../../src-main/grpo/advantages.ts';
import { samplingMetrics } from '../../../src-main/grpo/metrics.ts';
import { compare } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';

const advantagesCase = z.looseObject({
  name: z.string(),
  num_generations: z.int().positive(),
  /** Scores of every rule for every completion; null where the rule does not apply. */
  rewards: z.array(z.array(z.number().nullable())),
  weights: golden.numbers,
  scale_rewards: z.enum(['group', 'batch', 'none']),
  aggregation: z.enum(['sum_then_normalize', 'normalize_then_sum']),
  expected: z.looseObject({
    advantages: golden.numbers,
    reward_mean: golden.number,
    reward_std: golden.number,
    frac_reward_zero_std: golden.number,
  }),
});

const file = z.looseObject({ cases: z.array(advantagesCase) });

const tolerance = { absolute: 1e-4 };

export const advantages: Suite = {
  name: 'advantages',
  cases: (content) =>
    file.parse(content).cases.map(({ name, num_generations, rewards, weights, expected, ...setting }) => ({
      name,
      run() {
        const groups = cutEvery(num_generations, rewards);
        const totals = groups.map((group) => group.map((scores) => totalReward(scores, weights)));
        const got =
          setting.aggregation === 'sum_then_normalize'
            ? groupAdvantages(totals, { baseline: 'mean', scale: setting.scale_rewards })
            : decoupledAdvantages(groups, weights);
        const metrics = samplingMetrics(
          groups.map((group, g) => ({
            completions: group.map((scores, i) => ({ length: 1, terminated: true, reward: totals[g][i], scores })),
          })),
          weights.map((_, rule) => `rule ${rule}`),
        );
        const metric = (name: string) => metrics[name] ?? NaN;
        return [
          compare(
            'advantages',
            got.flatMap((group) => [...group]),
            expected.advantages,
            tolerance,
          ),
          compare('reward_mean', metric('reward'), expected.reward_mean, tolerance),
          compare('reward_std', metric('reward_std'), expected.reward_std, tolerance),
          compare('frac_reward_zero_std', metric('frac_reward_zero_std'), expected.frac_reward_zero_std, tolerance),
        ];
      },
    })),
};

function cutEvery<T>(size: number, items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
