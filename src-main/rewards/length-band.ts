/** The rule that wants completions of a certain length in tokens. */
import { StudioError } from '../contract/errors.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import type { CompiledRule } from './rule.ts';
import { plural, short } from './wording.ts';

/**
 * 1 from `min` to `max` tokens, both included; outside, 1 − distance ÷ slack, at least 0 (0 at once without slack).
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when the band is empty
 */
export function compileLengthBand(rule: RuleOf<'length_band'>, field: string): CompiledRule {
  const { min, max, slack } = rule;
  if (min > max) {
    const sentence = `${field}.min (${min}) must not be greater than max (${max}).`;
    throw new StudioError('reward_invalid', sentence, { field: `${field}.min` });
  }
  return ({ tokens: { length } }) => {
    const outside = Math.max(min - length, length - max, 0);
    const why = plural(length, 'token');
    if (outside === 0) return { score: 1, why: `${why}, within ${min} to ${max}` };
    const score = slack === 0 ? 0 : Math.max(0, 1 - outside / slack);
    return {
      score,
      why: `${why}, ${outside} ${length < min ? 'short of' : 'beyond'} ${min} to ${max}: ${short(score)}`,
    };
  };
}
