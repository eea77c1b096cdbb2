/** Failure patterns of the reward that take a whole run, or its evaluations, to see. */
import type { GrpoConfig } from '../../contract/config.ts';
import { placedRules } from '../../rewards/watchers/placed-rules.ts';
import { rewardRise } from '../../rewards/watchers/outcome-flat.ts';
import { longestStreak, since, type Series } from '../../rewards/watchers/series.ts';
import { FLAT_ACCURACY, SATISFIED_SCORE } from '../../rewards/watchers/thresholds.ts';
import type { RunWarning } from '../../rewards/watchers/warning.ts';
import { list, number, percent, steps } from '../../rewards/watchers/wording.ts';
import type { EvaluationSummary } from '../../store/interfaces.ts';
import { mean } from '../../grpo/statistics.ts';

export function noRewardDifferences(config: GrpoConfig, series: Series): RunWarning | null {
  const streak = longestStreak(series('frac_reward_zero_std'), (share) => share === 1);
  if (streak === null) return null;
  const [{ name: rule }] = placedRules(config);
  const inStreak = ({ step }: { step: number }) => step >= streak.first && step <= streak.last;
  const scores = series(`rewards/${rule}/mean`).filter(inStreak);
  const score = scores.length === 0 ? null : mean(scores.map(({ value }) => value));
  const solved = score !== null && score >= SATISFIED_SCORE;
  return {
    code: 'no_reward_differences',
    title: 'No group has reward differences',
    evidence: `In ${steps(streak)} all completions of every prompt got the same reward${
      score === null ? '' : ` (the mean of rule ${rule} was ${number(score)})`
    }. ${since(streak)}`,
    advice: solved
      ? `All advantages are 0 and nothing is learned: the policy solves every prompt. Stop here, or train on harder prompts (dataset).`
      : `All advantages are 0 and nothing is learned. Raise num_generations (now ${config.num_generations}) or temperature (now ${number(config.temperature)}) until some completions of a prompt do better than others, take easier prompts (dataset), or teach the form of an answer with an sft run first.`,
    settings: solved
      ? []
      : [
          { name: 'num_generations', value: config.num_generations },
          { name: 'temperature', value: config.temperature },
        ],
    steps: { first: streak.first, last: streak.last },
  };
}

/** The reward rises on the training prompts while the held-out accuracy does not. */
export function heldOutFlat(
  config: GrpoConfig,
  series: Series,
  evaluations: readonly EvaluationSummary[],
): RunWarning | null {
  const reward = rewardRise(config, series);
  const measured = evaluations.flatMap(({ step, metrics: { accuracy } }) =>
    accuracy === undefined ? [] : { step, accuracy },
  );
  const before = measured[0];
  const after = measured.at(-1);
  // Only an evaluation from the steps whose reward has risen can show whether the accuracy has followed.
  if (
    reward === null ||
    after === undefined ||
    after.step < reward.afterSteps.first ||
    before.step >= reward.afterSteps.first
  )
    return null;
  if (after.accuracy - before.accuracy >= FLAT_ACCURACY || before.accuracy >= SATISFIED_SCORE) return null;
  const [outcome, ...others] = placedRules(config);
  return {
    code: 'held_out_flat',
    title: 'The reward rises, the held-out accuracy does not',
    evidence: `The mean reward went from ${number(reward.before)} (${steps(reward.beforeSteps)}) to ${number(reward.after)} (${steps(reward.afterSteps)}), but the held-out accuracy from ${percent(before.accuracy)} (after step ${before.step}) to ${percent(after.accuracy)} (after step ${after.step}).`,
    advice: `What is learned does not carry over to new problems. ${
      others.length === 0
        ? ''
        : `If the gain is in other rules than ${outcome.name}, lower their weights (${list(others.map(({ name, weight }) => `${name}, now ${number(weight)}`))}). `
    }Else train on more prompts (dataset), or raise beta (now ${number(config.beta)}).`,
    settings: [
      ...others.map(({ place, weight }) => ({ name: `rewards.${place}.weight`, value: weight })),
      { name: 'beta', value: config.beta },
    ],
    steps: { first: reward.beforeSteps.first, last: reward.afterSteps.last },
  };
}
