/** The completions of a group are copies of each other, with nothing to compare. */
import type { GrpoConfig } from '../../contract/config.ts';
import { mean } from '../../grpo/statistics.ts';
import { placedRules } from './placed-rules.ts';
import { longestStreak, since, type Series } from './series.ts';
import { DUPLICATE_SHARE, SATISFIED_SCORE } from './thresholds.ts';
import type { RunWarning } from './warning.ts';
import { number, percent, steps } from './wording.ts';

export function duplicateCompletions(config: GrpoConfig, series: Series): RunWarning | null {
  const streak = longestStreak(series('completions/duplicates'), (share) => share >= DUPLICATE_SHARE);
  if (streak === null) return null;
  const [{ name }] = placedRules(config);
  const scores = series(`rewards/${name}/mean`).filter(({ step }) => step >= streak.first && step <= streak.last);
  const score = mean(scores.map(({ value }) => value));
  if (score >= SATISFIED_SCORE) return null; // what is right is all there is to say
  const share = mean(streak.points.map(({ value }) => value));
  return {
    code: 'duplicate_completions',
    title: 'The completions of a prompt repeat each other',
    evidence: `In ${steps(streak)} ${percent(share)} of the completions after the first of their group were copies of an earlier one${
      scores.length === 0 ? '' : `, and the mean of rule ${name} was ${number(score)}`
    }. ${since(streak)}`,
    advice: `Copies have equal rewards and teach nothing. Raise temperature (now ${number(config.temperature)}) or beta (now ${number(config.beta)}), or lower learning_rate (now ${number(config.learning_rate)}).`,
    settings: [
      { name: 'temperature', value: config.temperature },
      { name: 'beta', value: config.beta },
      { name: 'learning_rate', value: config.learning_rate },
    ],
    steps: { first: streak.first, last: streak.last },
  };
}
