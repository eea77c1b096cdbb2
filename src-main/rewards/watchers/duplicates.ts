/** The completions of a group are copies of each other, and the outcome does not rise. */
import type { GrpoConfig } from '../../contract/config.ts';
import { mean } from '../../grpo/statistics.ts';
import { rewardRise } from './outcome-flat.ts';
import { placedRules } from './placed-rules.ts';
import { longestStreak, since, trendOf, type Series } from './series.ts';
import { DUPLICATE_SHARE, DUPLICATE_STEPS, FLAT_ACCURACY, SATISFIED_SCORE } from './thresholds.ts';
import type { RunWarning } from './warning.ts';
import { number, percent, steps } from './wording.ts';

/** Copies are no fault by themselves: a policy that is sure of most answers makes them, and learns from the groups that differ. */
export function duplicateCompletions(config: GrpoConfig, series: Series): RunWarning | null {
  const streak = longestStreak(series('completions/duplicates'), (share) => share >= DUPLICATE_SHARE);
  if (streak === null || streak.points.length < DUPLICATE_STEPS) return null;
  const meanwhile: Series = (name) => series(name).filter(({ step }) => step >= streak.first && step <= streak.last);
  const [{ name }] = placedRules(config);
  const scores = meanwhile(`rewards/${name}/mean`);
  const outcome = trendOf(scores);
  const rises = outcome === null ? rewardRise(config, meanwhile) !== null : outcome.gain >= FLAT_ACCURACY;
  if (rises || mean(scores.map(({ value }) => value)) >= SATISFIED_SCORE) return null; // where all is right, no more can be said
  const share = mean(streak.points.map(({ value }) => value));
  const flat =
    outcome === null ? '' : `, and rule ${name} went from ${number(outcome.before)} to ${number(outcome.after)}`;
  return {
    code: 'duplicate_completions',
    title: 'The completions of a prompt repeat each other',
    evidence: `In ${steps(streak)} ${percent(share)} of the completions after the first of their group were copies of an earlier one${flat}. ${since(streak)}`,
    advice: `Copies have equal rewards and teach nothing. Raise temperature (now ${number(config.temperature)}) or beta (now ${number(config.beta)}), or lower learning_rate (now ${number(config.learning_rate)}).`,
    settings: [
      { name: 'temperature', value: config.temperature },
      { name: 'beta', value: config.beta },
      { name: 'learning_rate', value: config.learning_rate },
    ],
    steps: { first: streak.first, last: streak.last },
  };
}
