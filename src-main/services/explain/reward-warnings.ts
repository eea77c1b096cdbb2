/** Failure patterns of the reward: it makes no differences, it rises without the accuracy, or one rule decides alone. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { RewardRule } from '../../contract/reward-rules.ts';
import type { EvaluationSummary } from '../../store/interfaces.ts';
import { since, type Series } from './policy-warnings.ts';
import { longestStreak, trendOf, type Trend } from './series.ts';
import { mean } from './statistics.ts';
import {
  DOMINANT_SHARE,
  FLAT_ACCURACY,
  REWARD_RISE,
  SATISFIED_SCORE,
  SURE_ERRORS,
  SUSTAINED_STEPS,
  VARIANCE_STEPS,
} from './thresholds.ts';
import type { RunWarning } from './types.ts';
import { list, number, percent, steps } from './wording.ts';

export function noRewardDifferences(config: GrpoConfig, series: Series): RunWarning | null {
  const streak = longestStreak(series('frac_reward_zero_std'), (share) => share === 1);
  if (streak === null) return null;
  const [{ name: rule }] = config.rewards;
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

/** The reward rises on the training prompts while the first rule, which says what is right, does not. */
export function accuracyFlat(config: GrpoConfig, series: Series): RunWarning | null {
  const [first] = config.rewards;
  const reward = rewardRise(config, series);
  const accuracy = trendOf(series(`rewards/${first.name}/mean`));
  if (reward === null || accuracy === null) return null;
  if (accuracy.gain >= FLAT_ACCURACY || accuracy.before >= SATISFIED_SCORE) return null;
  const risen = config.rewards
    .map(({ name, weight }, place) => ({
      name,
      weight,
      place,
      gain: weight * (trendOf(series(`rewards/${name}/mean`))?.gain ?? 0),
    }))
    .filter(({ place, gain }) => place > 0 && gain > 0)
    .sort((a, b) => b.gain - a.gain);
  if (risen.length === 0) return null;
  const gains = risen.map(({ name, gain }) => `${name} (+${number(gain)})`);
  return {
    code: 'accuracy_flat',
    title: 'The reward rises, the accuracy does not',
    evidence: `From ${steps(reward.beforeSteps)} to ${steps(reward.afterSteps)} the mean reward went from ${number(reward.before)} to ${number(reward.after)}, but rule ${first.name} from ${number(accuracy.before)} to ${number(accuracy.after)}. The gain came from ${list(gains)}.`,
    advice: `The policy collects the easier rules instead of getting answers right. Lower the weight of ${list(risen.map(({ name, weight }) => `${name} (now ${number(weight)})`))}, or raise that of ${first.name} (now ${number(first.weight)}).`,
    settings: [...risen, { ...first, place: 0 }].map(({ place, weight }) => ({
      name: `rewards.${place}.weight`,
      value: weight,
    })),
    steps: { first: reward.beforeSteps.first, last: reward.afterSteps.last },
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
  const others = config.rewards.slice(1);
  return {
    code: 'held_out_flat',
    title: 'The reward rises, the held-out accuracy does not',
    evidence: `The mean reward went from ${number(reward.before)} (${steps(reward.beforeSteps)}) to ${number(reward.after)} (${steps(reward.afterSteps)}), but the held-out accuracy from ${percent(before.accuracy)} (after step ${before.step}) to ${percent(after.accuracy)} (after step ${after.step}).`,
    advice: `What is learned does not carry over to new problems. ${
      others.length === 0
        ? ''
        : `If the gain is in other rules than ${config.rewards[0].name}, lower their weights (${list(others.map(({ name, weight }) => `${name}, now ${number(weight)}`))}). `
    }Else train on more prompts (dataset), or raise beta (now ${number(config.beta)}).`,
    settings: [
      ...others.map(({ weight }, i) => ({ name: `rewards.${i + 1}.weight`, value: weight })),
      { name: 'beta', value: config.beta },
    ],
    steps: { first: reward.beforeSteps.first, last: reward.afterSteps.last },
  };
}

/** The trend of the mean reward when it is surely a rise that matters, else null. */
function rewardRise(config: GrpoConfig, series: Series): Trend | null {
  const trend = trendOf(series('reward'));
  if (trend === null) return null;
  const possible = config.rewards.reduce((total, { weight }) => total + Math.abs(weight), 0);
  return trend.gain >= REWARD_RISE * possible && trend.gain > SURE_ERRORS * trend.error ? trend : null;
}

/** One rule makes almost all differences in reward, although another one is not satisfied yet. */
export function oneRuleDominates(config: GrpoConfig, series: Series): RunWarning | null {
  const rules = config.rewards.map(({ name, weight }, place) => {
    const variances = series(`rewards/${name}/std`)
      .slice(-VARIANCE_STEPS)
      .map(({ value }) => (weight * value) ** 2);
    const scores = series(`rewards/${name}/mean`).slice(-VARIANCE_STEPS);
    return {
      name,
      weight,
      place,
      variance: variances.length === 0 ? 0 : mean(variances),
      score: mean(scores.map(({ value }) => value)),
      scores,
    };
  });
  const scored = rules.filter(({ scores }) => scores.length >= SUSTAINED_STEPS);
  const total = scored.reduce((sum, { variance }) => sum + variance, 0);
  const [dominant, ...others] = scored.toSorted((a, b) => b.variance - a.variance);
  if (others.length === 0 || total === 0) return null;
  const share = dominant.variance / total;
  const unmet = others.filter(({ place, score }) => !isSatisfied(config.rewards[place], score));
  if (share < DOMINANT_SHARE || unmet.length === 0) return null;
  const range = { first: dominant.scores[0].step, last: dominant.scores[dominant.scores.length - 1].step };
  const never = unmet.filter(({ variance }) => variance === 0);
  return {
    code: 'one_rule_dominates',
    title: `Rule ${dominant.name} decides almost alone`,
    evidence: `In ${steps(range)} it made ${percent(share)} of the variance of the reward (weight² × variance of its scores), while ${list(unmet.map(({ name, score }) => `${name} scored ${number(score)} on average`))}.`,
    advice:
      never.length === unmet.length
        ? `Advantages follow ${dominant.name} only, because ${list(never.map(({ name }) => name))} gave every completion the same score: its weight cannot help. Loosen the rule, or show the model such completions with an sft run first.`
        : `Advantages follow ${dominant.name} only. Raise the weight of ${list(unmet.map(({ name, weight }) => `${name} (now ${number(weight)})`))}, or lower that of ${dominant.name} (now ${number(dominant.weight)}).`,
    settings: [...unmet, dominant].map(({ place, weight }) => ({ name: `rewards.${place}.weight`, value: weight })),
    steps: range,
  };
}

/** Whether a rule's mean score is so near its best that it has nothing left to teach. */
function isSatisfied({ type, weight }: RewardRule, score: number): boolean {
  const penalty = type === 'soft_overlong' || type === 'repetition'; // their scores are 0 at best, others' 1
  const best = penalty || weight < 0 ? 0 : 1;
  return Math.abs(best - score) <= 1 - SATISFIED_SCORE;
}
