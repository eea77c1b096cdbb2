/** What the samples of a GRPO step are worth: the advantages of its completions and of their tokens. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord, GroupRecord } from '../../contract/engine.ts';
import { decoupledAdvantages, groupAdvantages } from '../../grpo/advantages.ts';
import { completionKl, klShapedRewards } from '../../grpo/kl.ts';
import { processAdvantages, type RewardedStep } from '../../grpo/process-advantages.ts';
import { mean } from '../../grpo/statistics.ts';
import { advantageOptions } from './grpo-settings.ts';

/** The advantages of a completion's tokens [T]. */
export type TokenAdvantages = (completion: CompletionRecord) => Float64Array;

/**
 * Gives every completion its advantage; with `kl_in_reward` each reward is lowered by β·KL first.
 *
 * @param reasoning the steps of every completion, whose tokens then have advantages of their own and the completion their mean; null
 *   gives all tokens the completion's advantage
 */
export function recordAdvantages(
  groups: readonly GroupRecord[],
  config: GrpoConfig,
  beta: number,
  reasoning: ReadonlyMap<CompletionRecord, readonly RewardedStep[]> | null,
): TokenAdvantages {
  if (reasoning !== null) return recordProcessAdvantages(groups, reasoning);
  const rules = config.rewards.filter(({ enabled }) => enabled); // as they are scored
  const counting = rules.filter(({ metric_only }) => !metric_only);
  const scores = groups.map(({ completions }) =>
    completions.map(({ scores }) => scores.flatMap(({ score }, i) => (rules[i].metric_only ? [] : [score]))),
  );
  const advantages =
    config.multi_objective_aggregation === 'normalize_then_sum'
      ? decoupledAdvantages(
          scores,
          counting.map(({ weight }) => weight),
        )
      : groupAdvantages(
          groups.map(({ completions }) => shapedRewards(completions, config, beta)),
          advantageOptions(config),
        );
  groups.forEach(({ completions }, i) =>
    completions.forEach((completion, j) => (completion.advantage = advantages[i][j])),
  );
  return ({ advantage, tokens }) => new Float64Array(tokens.length).fill(advantage);
}

function recordProcessAdvantages(
  groups: readonly GroupRecord[],
  reasoning: ReadonlyMap<CompletionRecord, readonly RewardedStep[]>,
): TokenAdvantages {
  const ofTokens = new Map<CompletionRecord, Float64Array>();
  for (const { completions } of groups) {
    const advantages = processAdvantages(
      completions.map((completion) => reasoning.get(completion) as readonly RewardedStep[]),
      completions.map(({ tokens }) => tokens.length),
    );
    completions.forEach((completion, i) => {
      ofTokens.set(completion, advantages[i]);
      completion.advantage = mean(advantages[i]);
    });
  }
  return (completion) => ofTokens.get(completion) as Float64Array;
}

function shapedRewards(completions: readonly CompletionRecord[], config: GrpoConfig, beta: number): (number | null)[] {
  const rewards = completions.map(({ reward }) => reward);
  if (!config.kl_in_reward) return rewards;
  const kl = completions.map(({ samplingLogps, referenceLogps }) =>
    completionKl(config.kl_estimator, samplingLogps, referenceLogps as Float32Array),
  );
  return klShapedRewards(rewards, kl, beta);
}
