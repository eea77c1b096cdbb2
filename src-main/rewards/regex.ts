/** The rules of regular expressions: one that asks for a match, and one that counts matches. */
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileExtraction } from './extraction.ts';
import { compilePattern } from './pattern.ts';
import type { CompiledRule } from './rule.ts';
import { plural, quote, short } from './wording.ts';

/**
 * 1 when the pattern matches somewhere in the extracted text, else 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when a pattern is no regular expression
 */
export function compileRegex(rule: RuleOf<'regex'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const expression = compilePattern(rule.pattern, rule, `${field}.pattern`);
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const { found, span } = extracted;
    const match = expression.exec(found)?.span(0);
    if (!match) return { score: 0, why: `no match of /${rule.pattern}/ in ${quote(found)}`, spans: [span] };
    return {
      score: 1,
      why: `/${rule.pattern}/ matches ${quote(found.slice(match.start, match.end))}`,
      spans: [{ start: span.start + match.start, end: span.start + match.end }],
    };
  };
}

/**
 * Matches ÷ target, at most 1; matches do not overlap.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when a pattern is no regular expression
 */
export function compilePatternCount(rule: RuleOf<'pattern_count'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const expression = compilePattern(rule.pattern, rule, `${field}.pattern`);
  const { target } = rule;
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const matches = expression.all(extracted.found, target);
    const offset = extracted.span.start;
    const count = matches.length === target ? `at least ${plural(target, 'match')}` : plural(matches.length, 'match');
    return {
      score: matches.length / target,
      why: `${count.replace(/matchs$/, 'matches')} of /${rule.pattern}/, wanted ${target}: ${short(matches.length / target)}`,
      spans: matches.map(({ start, end }) => ({ start: start + offset, end: end + offset })),
    };
  };
}
