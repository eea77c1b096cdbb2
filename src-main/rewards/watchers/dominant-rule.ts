/** One rule explains almost all of the reward's variance, although another one is not satisfied yet. */
import type { GrpoConfig } from '../../contract/config.ts';
import { mean } from '../../grpo/statistics.ts';
import { isPenalty, placedRules, type PlacedRule } from './placed-rules.ts';
import type { Series } from './series.ts';
import { DOMINANT_SHARE, SATISFIED_SCORE, SUSTAINED_STEPS, VARIANCE_STEPS } from './thresholds.ts';
import type { RunWarning } from './warning.ts';
import { list, number, percent, steps } from './wording.ts';

export function dominantRule(config: GrpoConfig, series: Series): RunWarning | null {
  const counting = placedRules(config).filter(({ weight }) => weight !== 0);
  const rules = counting.map((rule) => {
    const variances = series(`rewards/${rule.name}/std`)
      .slice(-VARIANCE_STEPS)
      .map(({ value }) => (rule.weight * value) ** 2);
    const scores = series(`rewards/${rule.name}/mean`).slice(-VARIANCE_STEPS);
    return {
      ...rule,
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
  const unmet = others.filter((rule) => !isSatisfied(rule, rule.score));
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
function isSatisfied(rule: PlacedRule, score: number): boolean {
  const best = isPenalty(rule) ? 0 : 1;
  return Math.abs(best - score) <= 1 - SATISFIED_SCORE;
}
