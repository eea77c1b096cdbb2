/** A rule never fires: it gives every completion 0, or applies to none. */
import type { GrpoConfig } from '../../contract/config.ts';
import { isPenalty, placedRules } from './placed-rules.ts';
import type { Series } from './series.ts';
import { SILENT_STEPS } from './thresholds.ts';
import type { RunWarning } from './warning.ts';
import { list, steps } from './wording.ts';

export function silentRule(config: GrpoConfig, series: Series): RunWarning | null {
  // Every step has a length; a rule that applied to nothing in a step has no mean there.
  const newest = series('completions/mean_length').slice(-SILENT_STEPS);
  if (newest.length < SILENT_STEPS) return null;
  const range = { first: newest[0].step, last: newest[newest.length - 1].step };
  const inRange = ({ step }: { step: number }) => step >= range.first;
  const silent = placedRules(config).flatMap((rule) => {
    const means = series(`rewards/${rule.name}/mean`).filter(inRange);
    const deviations = series(`rewards/${rule.name}/std`).filter(inRange);
    if (means.length === 0) return { ...rule, how: `${rule.name} applied to no completion` };
    const zero = [...means, ...deviations].every(({ value }) => value === 0);
    return zero && !isPenalty(rule) ? { ...rule, how: `${rule.name} gave every completion 0` } : [];
  });
  if (silent.length === 0) return null;
  const names = list(silent.map(({ name }) => name));
  return {
    code: 'silent_rule',
    title: `${silent.length === 1 ? 'Rule' : 'Rules'} ${names} never fired`,
    evidence: `In ${steps(range)} ${list(silent.map(({ how }) => how))}.`,
    advice: `Nothing is learned from ${names}. Look at why in the scores of a step, then loosen the rule, correct its column or extraction, or show the model such completions with an sft run first.`,
    settings: silent.map(({ place, weight }) => ({ name: `rewards.${place}.weight`, value: weight })),
    steps: range,
  };
}
