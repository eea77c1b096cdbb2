/** Completions grow or shrink while the outcome does not get better for it. */
import type { GrpoConfig } from '../../contract/config.ts';
import { placedRules } from './placed-rules.ts';
import { trendOf, type Series } from './series.ts';
import { FLAT_ACCURACY, LENGTH_DRIFT, LENGTH_FLOOR, SURE_ERRORS } from './thresholds.ts';
import type { RunWarning } from './warning.ts';
import { number, steps } from './wording.ts';

export function lengthDrift(config: GrpoConfig, series: Series): RunWarning | null {
  const length = trendOf(series('completions/mean_length'));
  if (length === null) return null;
  const { before, after, gain, error } = length;
  const factor = Math.max(after / before, before / after);
  if (factor < LENGTH_DRIFT || Math.abs(gain) < LENGTH_FLOOR || Math.abs(gain) <= SURE_ERRORS * error) return null;
  const [{ name }] = placedRules(config);
  const outcome = trendOf(series(`rewards/${name}/mean`));
  if (outcome !== null && outcome.gain >= FLAT_ACCURACY) return null;
  const scores =
    outcome === null ? '' : ` Meanwhile rule ${name} went from ${number(outcome.before)} to ${number(outcome.after)}.`;
  const longer = gain > 0;
  return {
    code: 'length_drift',
    title: `Completions get ${longer ? 'longer' : 'shorter'}, not better`,
    evidence: `From ${steps(length.beforeSteps)} to ${steps(length.afterSteps)} their mean length went from ${number(before)} to ${number(after)} tokens.${scores}`,
    advice: longer
      ? `Some rule pays for length, or the loss does: look at what the longest completions are rewarded for, and add a soft_overlong rule or the loss_type dr_grpo (now ${config.loss_type}).`
      : 'Some rule pays for short answers: look at what the shortest completions are rewarded for, and lower the weight of that rule.',
    settings: longer ? [{ name: 'max_completion_length', value: config.max_completion_length }] : [],
    steps: { first: length.beforeSteps.first, last: length.afterSteps.last },
  };
}
