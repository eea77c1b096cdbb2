/** The rule that compares a completion's answer with the right one in the dataset: 1 when equal, else 0. */
import type { DatasetRow } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileComparison, notApplicable, type Comparison } from './comparison.ts';
import { parseNumber } from './numbers.ts';
import { parseQuantity, unitsIn } from './quantities.ts';
import type { CompiledRule, TextSpan, Verdict } from './rule.ts';
import { quote } from './wording.ts';

/** The settings of the comparison; a rule's name and weight are none of its business. */
export type AnswerMatch = Omit<RuleOf<'answer_match'>, 'name' | 'weight' | 'enabled' | 'clip' | 'metric_only'>;

/** How an answer, found at a span, is judged by one way to compare. */
type Judge = (row: DatasetRow) => ((answer: string) => Omit<Verdict, 'spans'>) | Verdict;

/**
 * The rule does not apply to a row without a right answer: no such column, null in it, nothing to extract, or no number where
 * `numeric` needs one. A completion without an answer scores 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileAnswerMatch(rule: AnswerMatch, field: string): CompiledRule {
  if (rule.unit_required && rule.unit === undefined) {
    const sentence = `${field}.unit_required needs ${field}.unit, the unit of the right answer.`;
    throw new StudioError('reward_invalid', sentence, { field: `${field}.unit_required` });
  }
  const comparison = compileComparison(rule, field);
  const judgeRow = judges[rule.compare](rule, comparison);
  return ({ text }, row) => {
    const judge = judgeRow(row);
    if (typeof judge !== 'function') return judge;
    const answer = comparison.answer(text);
    if ('missing' in answer) return { score: 0, why: `${answer.missing} in the completion` };
    return { ...judge(answer.found), spans: [answer.span] satisfies TextSpan[] };
  };
}

const judges: Record<AnswerMatch['compare'], (rule: AnswerMatch, comparison: Comparison) => Judge> = {
  exact: (_, comparison) => (row) => {
    const right = comparison.expected(row);
    if ('missing' in right) return notApplicable(right.missing);
    return (answer) => verdict(answer === right.found, quote(answer), quote(right.found), 'equal', 'not equal');
  },

  one_of: (rule, comparison) => (row) => {
    const right = comparison.expectedList(row, rule.separator);
    if ('missing' in right) return notApplicable(right.missing);
    const accepted = quote(right.found.join(' | '));
    return (answer) =>
      verdict(right.found.includes(answer), quote(answer), `one of ${accepted}`, 'one of them', 'none of them');
  },

  set: (rule, comparison) => (row) => {
    const right = comparison.expectedList(row, rule.separator);
    if ('missing' in right) return notApplicable(right.missing);
    const wanted = new Set(right.found);
    const wording = quote([...wanted].join(' | '));
    return (answer) => {
      const given = new Set(comparison.split(answer, rule.separator));
      const missing = [...wanted].filter((one) => !given.has(one));
      const extra = [...given].filter((one) => !wanted.has(one));
      const faults = [
        ...(missing.length > 0 ? [`without ${quote(missing.join(' | '))}`] : []),
        ...(extra.length > 0 ? [`with ${quote(extra.join(' | '))} too many`] : []),
      ];
      return verdict(faults.length === 0, quote(answer), `the set ${wording}`, 'the same set', faults.join(', '));
    };
  },

  numeric: (rule, comparison) => (row) => {
    const text = comparison.expected(row);
    if ('missing' in text) return notApplicable(text.missing);
    const right = readNumber(text.found, { ...rule, unit_required: false });
    if ('fault' in right) return notApplicable(`${quote(text.found)} in column ${quote(rule.column)} ${right.fault}`);
    return (answer) => {
      const given = readNumber(answer, rule);
      if ('fault' in given) {
        return { score: 0, why: `extracted ${quote(answer)}, which ${given.fault}; expected ${right.value}` };
      }
      return compareNumbers(given.value, right.value, rule);
    };
  },
};

function verdict(equal: boolean, given: string, wanted: string, yes: string, no: string): Verdict {
  return { score: equal ? 1 : 0, why: `extracted ${given}, expected ${wanted}: ${equal ? yes : no}` };
}

/** The value of a text in the rule's unit, or what keeps it from having one. */
function readNumber(text: string, rule: AnswerMatch): { value: number } | { fault: string } {
  const plain = parseNumber(text);
  if (rule.unit === undefined) {
    const value = plain ?? fraction(text);
    return value === null ? { fault: 'is not a number' } : { value };
  }
  const quantity = parseQuantity(text);
  if (quantity === null) return { fault: 'is not a number' };
  if (quantity.unit === null) {
    return rule.unit_required ? { fault: `has no unit, where ${rule.unit} is asked for` } : { value: quantity.value };
  }
  const factor = unitsIn(quantity.unit, rule.unit);
  return factor === null ? { fault: `is not in ${rule.unit}` } : { value: quantity.value * factor };
}

function fraction(text: string): number | null {
  const quantity = /^[-+−]?\d+\/\d+$/.test(text) ? parseQuantity(text) : null;
  return quantity?.value ?? null;
}

function compareNumbers(given: number, right: number, rule: AnswerMatch): Verdict {
  const { tolerance, relative_tolerance, unit } = rule;
  const allowed = Math.max(tolerance, relative_tolerance * Math.abs(right));
  // The difference of two decimals is off by their rounding: 1.01 - 1 is more than 0.01; so is a converted unit.
  const isRounded = allowed > 0 || unit !== undefined;
  const rounding = isRounded ? 2 * Number.EPSILON * Math.max(Math.abs(given), Math.abs(right)) : 0;
  const equal = Math.abs(given - right) <= allowed + rounding;
  const within = allowed > 0 ? ` within ${allowed}` : '';
  const written = unit === undefined ? '' : ` ${unit}`;
  return verdict(equal, `${given}${written}`, `${right}${written}`, `equal${within}`, `not equal${within}`);
}
