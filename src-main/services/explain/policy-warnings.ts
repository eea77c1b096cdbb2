/** Failure patterns of the policy itself: it never ends, it no longer varies, or it drifts away. */
import type { GrpoConfig } from '../../contract/config.ts';
import { longestStreak, since, type Series } from '../../rewards/watchers/series.ts';
import { SUSTAINED_STEPS } from '../../rewards/watchers/thresholds.ts';
import type { RunWarning } from '../../rewards/watchers/warning.ts';
import { mean } from '../../grpo/statistics.ts';
import { COLLAPSED_ENTROPY, FAR_KL, LOST_KL, RISING_KL_FACTOR, TRUNCATED_SHARE } from './thresholds.ts';
import { number, percent, steps } from '../../rewards/watchers/wording.ts';

export function completionsTruncated(config: GrpoConfig, series: Series): RunWarning | null {
  const streak = longestStreak(series('completions/clipped_ratio'), (share) => share >= TRUNCATED_SHARE);
  if (streak === null) return null;
  const share = mean(streak.points.map(({ value }) => value));
  return {
    code: 'completions_truncated',
    title: 'Almost every completion is cut off',
    evidence: `${percent(share)} of the completions in ${steps(streak)} reached the limit of ${config.max_completion_length} tokens before they ended. ${since(streak)}`,
    advice: `A cut completion rarely holds its answer, so rewards say little. Raise max_completion_length (now ${config.max_completion_length}). If longer ones are cut too, the model does not know how to end: teach it with a short sft run first.`,
    settings: [{ name: 'max_completion_length', value: config.max_completion_length }],
    steps: { first: streak.first, last: streak.last },
  };
}

export function entropyCollapsed(config: GrpoConfig, series: Series): RunWarning | null {
  const streak = longestStreak(series('entropy'), (entropy) => entropy < COLLAPSED_ENTROPY);
  if (streak === null) return null;
  const lowest = streak.points.reduce((least, { value }) => Math.min(least, value), Infinity);
  return {
    code: 'entropy_collapsed',
    title: 'The policy no longer tries anything',
    evidence: `Its entropy was below ${COLLAPSED_ENTROPY} nats in ${steps(streak)}, at its lowest ${number(lowest)}: it was almost certain of every token. ${since(streak)}`,
    advice: `Completions of a group become copies of each other, with nothing to compare. Raise temperature (now ${number(config.temperature)}), lower learning_rate (now ${number(config.learning_rate)}), or raise beta (now ${number(config.beta)}). If the accuracy is where you want it, the training is simply done.`,
    settings: [
      { name: 'temperature', value: config.temperature },
      { name: 'learning_rate', value: config.learning_rate },
      { name: 'beta', value: config.beta },
    ],
    steps: { first: streak.first, last: streak.last },
  };
}

export function klRunaway(config: GrpoConfig, series: Series): RunWarning | null {
  const kl = series('kl');
  if (kl.length < 2 * SUSTAINED_STEPS) return null;
  const middle = Math.floor(kl.length / 2);
  const halfway = mean(kl.slice(middle - SUSTAINED_STEPS, middle).map(({ value }) => value));
  const newest = kl.slice(-SUSTAINED_STEPS);
  const now = mean(newest.map(({ value }) => value));
  const rising = now >= RISING_KL_FACTOR * halfway;
  if (now < FAR_KL || (!rising && now < LOST_KL)) return null;
  const range = { first: newest[0].step, last: newest[newest.length - 1].step };
  return {
    code: 'kl_runaway',
    title: 'The policy runs away from the reference',
    evidence: `The KL was ${number(now)} nats per token in ${steps(range)}, and ${number(halfway)} half-way through the run (up to step ${kl[middle - 1].step}).`,
    advice: `Far from the reference a model forgets what it could do and often exploits the reward. Raise beta (now ${number(config.beta)}), or lower learning_rate (now ${number(config.learning_rate)}).`,
    settings: [
      { name: 'beta', value: config.beta },
      { name: 'learning_rate', value: config.learning_rate },
    ],
    steps: range,
  };
}
