/** The rule that compares a completion's answer with the right one in the dataset: 1 when equal, else 0. */
import type { RewardRule } from '../contract/reward-rules.ts';
import { compileExtraction } from './extraction.ts';
import { parseNumber } from './numbers.ts';
import type { CompiledRule, Verdict } from './rule.ts';
import { kindOf, quote } from './wording.ts';

export type AnswerMatchRule = Extract<RewardRule, { type: 'answer_match' }>;

/**
 * The rule does not apply to a row without a right answer: no such column, null in it, nothing to extract, or no number where
 * `numeric` needs one. A completion without an answer scores 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileAnswerMatch(rule: AnswerMatchRule, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const extractExpected = compileExtraction(rule.extract_expected, `${field}.extract_expected`);
  return ({ text }, row) => {
    if (!Object.hasOwn(row.columns, rule.column)) return notApplicable(`the row has no column ${quote(rule.column)}`);
    const value = row.columns[rule.column];
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return notApplicable(`column ${quote(rule.column)} holds ${kindOf(value)}`);
    }
    const expected = extractExpected(String(value));
    if ('missing' in expected) return notApplicable(`${expected.missing} in column ${quote(rule.column)}`);
    const right = rule.compare === 'numeric' ? parseNumber(expected.found) : expected.found.trim();
    if (right === null) {
      return notApplicable(`${quote(expected.found)} in column ${quote(rule.column)} is not a number`);
    }
    const answer = extract(text);
    if ('missing' in answer) return { score: 0, why: `${answer.missing} in the completion` };
    if (typeof right === 'number') return compareNumbers(answer.found, right, rule.tolerance);
    return compareTexts(answer.found.trim(), right);
  };
}

function notApplicable(reason: string): Verdict {
  return { score: null, why: `not applicable: ${reason}` };
}

function compareTexts(answer: string, right: string): Verdict {
  const equal = answer === right;
  return {
    score: equal ? 1 : 0,
    why: `extracted ${quote(answer)}, expected ${quote(right)}: ${equal ? 'equal' : 'not equal'}`,
  };
}

function compareNumbers(answer: string, right: number, tolerance: number): Verdict {
  const given = parseNumber(answer);
  if (given === null) {
    return { score: 0, why: `extracted ${quote(answer.trim())}, which is not a number; expected ${right}` };
  }
  // The difference of two decimals is off by their rounding: 1.01 - 1 is more than 0.01.
  const rounding = tolerance > 0 ? Number.EPSILON * Math.max(Math.abs(given), Math.abs(right)) : 0;
  const equal = Math.abs(given - right) <= tolerance + rounding;
  const within = tolerance > 0 ? ` within ${tolerance}` : '';
  return {
    score: equal ? 1 : 0,
    why: `extracted ${given}, expected ${right}: ${equal ? 'equal' : 'not equal'}${within}`,
  };
}
