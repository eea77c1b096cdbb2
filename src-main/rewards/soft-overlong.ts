/** The rule that makes completions keep away from the length limit: DAPO's soft overlong punishment. */
import { StudioError } from '../contract/errors.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import type { CompiledRule } from './rule.ts';

/**
 * DAPO (arXiv 2503.14476) eq. 13 on the number of tokens |y|: 0 up to max_length − cache, −1 beyond max_length, a line in between.
 *
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when the cache is longer than the limit
 */
export function compileSoftOverlong(rule: RuleOf<'soft_overlong'>, field: string): CompiledRule {
  const { max_length: limit, cache } = rule;
  if (cache > limit) {
    const message = `${field}.cache (${cache}) must not be longer than max_length (${limit}).`;
    throw new StudioError('reward_invalid', message, { field: `${field}.cache` });
  }
  return ({ tokens: { length } }) => {
    if (length <= limit - cache)
      return { score: 0, why: `${length} tokens, at least ${cache} below the limit of ${limit}` };
    if (length > limit) return { score: -1, why: `${length} tokens, beyond the limit of ${limit}` };
    return {
      score: (limit - cache - length) / cache,
      why: `${length} tokens, within ${cache} of the limit of ${limit}`,
    };
  };
}
