/** Stands in for a reward model where its scores of the same completions are on record. */
import { join } from 'node:path';
import type { CompileOptions } from '../../../rewards/compile-rule.ts';
import { withoutRewardModel } from '../../../rewards/without-reward-model.ts';
import type { StoredCompletion } from '../../../store/interfaces.ts';
import type { RunSource } from './run-groups.ts';

/** Answers for a rule that asks the same model in the same way as one of the run's own rules. */
function recordedModel({ rules }: RunSource): NonNullable<CompileOptions['rewardModel']> {
  return async ({ model, sigmoid }) => {
    const own = rules.find(
      (rule) =>
        rule.type === 'reward_model' &&
        rule.enabled &&
        rule.model === model &&
        rule.sigmoid === sigmoid &&
        rule.clip === undefined, // a clipped score is not the model's
    );
    if (own === undefined) return withoutRewardModel;
    return {
      async scoreGroups(groups) {
        return groups.map(({ completions }) =>
          (completions as readonly StoredCompletion[]).map(({ scores }) => {
            const recorded = scores.find(({ rule }) => rule === own.name);
            return { score: recorded?.score ?? null, why: recorded?.why ?? 'the run recorded no score of the model' };
          }),
        );
      },
      dispose: () => undefined,
    };
  };
}

/** What a run has on record of its models and judges, so that they need not be asked again. */
export function recordedAnswers(source: RunSource): CompileOptions {
  return { rewardModel: recordedModel(source), judgeReplies: join(source.run.directory, 'judge-replies') };
}
