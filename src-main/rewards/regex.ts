/** The rule that asks for a regular expression to match: 1 when it does, else 0. */
import type { RewardRule } from '../contract/reward-rules.ts';
import { compileExtraction } from './extraction.ts';
import { compilePattern } from './pattern.ts';
import type { CompiledRule } from './rule.ts';
import { quote } from './wording.ts';

export type RegexRule = Extract<RewardRule, { type: 'regex' }>;

/**
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when a pattern is no regular expression
 */
export function compileRegex(rule: RegexRule, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const expression = compilePattern(rule.pattern, `${field}.pattern`);
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const match = expression.exec(extracted.found);
    if (match === null) return { score: 0, why: `no match of /${rule.pattern}/ in ${quote(extracted.found)}` };
    return { score: 1, why: `/${rule.pattern}/ matches ${quote(match[0])}` };
  };
}
