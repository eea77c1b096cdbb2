/** The advantages that would follow from scores: what training makes of them. */
import type { GrpoConfig } from '../../../contract/config.ts';
import type { RewardRule } from '../../../contract/reward-rules.ts';
import { decoupledAdvantages, groupAdvantages } from '../../../grpo/advantages.ts';
import type { CompletionScore } from '../../../rewards/reward-scorer.ts';

export type AdvantageSettings = Pick<
  GrpoConfig,
  'advantage_baseline' | 'scale_rewards' | 'multi_objective_aggregation'
>;

export const defaultAdvantages: AdvantageSettings = {
  advantage_baseline: 'mean',
  scale_rewards: 'group',
  multi_objective_aggregation: 'sum_then_normalize',
};

/**
 * @param rules the enabled ones, in the order of the scores
 * @param batch the groups of one step [groups][completions]
 */
export function advantagesOf(
  batch: readonly (readonly CompletionScore[])[],
  rules: readonly RewardRule[],
  { advantage_baseline, scale_rewards, multi_objective_aggregation }: AdvantageSettings,
): Float64Array[] {
  if (multi_objective_aggregation === 'sum_then_normalize') {
    const rewards = batch.map((group) => group.map(({ reward }) => reward));
    return groupAdvantages(rewards, { baseline: advantage_baseline, scale: scale_rewards });
  }
  const counts = rules.map(({ metric_only }) => !metric_only);
  const scores = batch.map((group) =>
    group.map((completion) => completion.scores.map(({ score }) => score).filter((_, place) => counts[place])),
  );
  const weights = rules.filter((_, place) => counts[place]).map(({ weight }) => weight);
  return decoupledAdvantages(scores, weights);
}
