/**
 * Makes a scorer of the rules in a config, so that a mistake in a rule is reported before anything is sampled. The scorer fills the
 * matrix completions × rules and sums it up; what fails in a rule is a missing score and a counted warning.
 */
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import { compileRule, type CompileOptions } from './compile-rule.ts';
import { createScorer, type RewardScorer } from './reward-scorer.ts';
import type { ScoredRule } from './score-rule.ts';

/**
 * @param options what the composer brings for rules that need more than text
 * @returns a scorer of the enabled rules, in their order; whoever compiles it disposes of it
 * @throws StudioError reward_invalid; its field is the place in the config, such as `rewards.0.pattern`
 */
export async function compileRules(rules: readonly RewardRule[], options: CompileOptions = {}): Promise<RewardScorer> {
  requireDistinctNames(rules);
  const compiled: ScoredRule[] = [];
  try {
    for (const [index, rule] of rules.entries()) {
      if (!rule.enabled) continue;
      const { name, weight, clip, metric_only } = rule;
      const score = await compileRule(rule, `rewards.${index}`, options);
      compiled.push({ name, weight: metric_only ? null : weight, clip, score });
    }
  } catch (error) {
    createScorer(compiled).dispose();
    throw error;
  }
  return createScorer(compiled);
}

function requireDistinctNames(rules: readonly RewardRule[]): void {
  const names = rules.map((rule) => rule.name);
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return;
    const sentence = `rewards.${first} and rewards.${index} are both named "${name}". Names must differ.`;
    throw new StudioError('reward_invalid', sentence, { field: `rewards.${index}.name` });
  });
}
