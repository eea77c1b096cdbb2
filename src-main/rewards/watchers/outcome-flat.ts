/** The reward rises while the outcome does not: the policy collects the easier rules. */
import type { GrpoConfig } from '../../contract/config.ts';
import { placedRules } from './placed-rules.ts';
import { trendOf, type Series, type Trend } from './series.ts';
import { FLAT_ACCURACY, REWARD_RISE, SATISFIED_SCORE, SURE_ERRORS } from './thresholds.ts';
import type { RunWarning } from './warning.ts';
import { list, number, steps } from './wording.ts';

/** The reward rises on the training prompts while the first rule, which says what is right, does not. */
export function outcomeFlat(config: GrpoConfig, series: Series): RunWarning | null {
  const [first, ...others] = placedRules(config);
  const reward = rewardRise(config, series);
  const accuracy = trendOf(series(`rewards/${first.name}/mean`));
  if (reward === null || accuracy === null) return null;
  if (accuracy.gain >= FLAT_ACCURACY || accuracy.before >= SATISFIED_SCORE) return null;
  const risen = others
    .map((rule) => ({ ...rule, gain: rule.weight * (trendOf(series(`rewards/${rule.name}/mean`))?.gain ?? 0) }))
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => b.gain - a.gain);
  if (risen.length === 0) return null;
  const gains = risen.map(({ name, gain }) => `${name} (+${number(gain)})`);
  return {
    code: 'accuracy_flat',
    title: 'The reward rises, the accuracy does not',
    evidence: `From ${steps(reward.beforeSteps)} to ${steps(reward.afterSteps)} the mean reward went from ${number(reward.before)} to ${number(reward.after)}, but rule ${first.name} from ${number(accuracy.before)} to ${number(accuracy.after)}. The gain came from ${list(gains)}.`,
    advice: `The policy collects the easier rules instead of getting answers right. Lower the weight of ${list(risen.map(({ name, weight }) => `${name} (now ${number(weight)})`))}, or raise that of ${first.name} (now ${number(first.weight)}).`,
    settings: [...risen, first].map(({ place, weight }) => ({
      name: `rewards.${place}.weight`,
      value: weight,
    })),
    steps: { first: reward.beforeSteps.first, last: reward.afterSteps.last },
  };
}

/** The trend of the mean reward when it is surely a rise that matters, else null. */
export function rewardRise(config: GrpoConfig, series: Series): Trend | null {
  const trend = trendOf(series('reward'));
  if (trend === null) return null;
  const possible = placedRules(config).reduce((total, { weight }) => total + Math.abs(weight), 0);
  return trend.gain >= REWARD_RISE * possible && trend.gain > SURE_ERRORS * trend.error ? trend : null;
}
