/** The rule that holds what was extracted against a column by an operator: 1 when it holds, else 0. */
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileComparison, notApplicable } from './comparison.ts';
import { parseNumber } from './numbers.ts';
import type { CompiledRule } from './rule.ts';
import { quote } from './wording.ts';

type Operator = RuleOf<'column_compare'>['operator'];

const ofNumbers: Partial<Record<Operator, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

const ofTexts: Partial<Record<Operator, (left: string, right: string) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  starts_with: (left, right) => left.startsWith(right),
  ends_with: (left, right) => left.endsWith(right),
  contains: (left, right) => left.includes(right),
};

/**
 * The rule does not apply to a row whose column holds nothing to compare with. A completion without an answer scores 0, whatever
 * the operator.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileColumnCompare(rule: RuleOf<'column_compare'>, field: string): CompiledRule {
  const comparison = compileComparison(rule, field);
  const { operator, column } = rule;
  const isNumeric = rule.as === 'number' || ['<', '<=', '>', '>='].includes(operator);
  const numbers = isNumeric ? ofNumbers[operator] : undefined;
  const texts = ofTexts[operator];
  return ({ text }, row) => {
    const isIn = operator === 'in' || operator === 'not_in';
    const right =
      isIn && Array.isArray(row.columns[column]) ? comparison.expectedList(row, ',') : comparison.expected(row);
    if ('missing' in right) return notApplicable(right.missing);
    const rightNumber = numbers && typeof right.found === 'string' ? parseNumber(right.found) : null;
    if (numbers && rightNumber === null) {
      return notApplicable(`${quote(String(right.found))} in column ${quote(column)} is not a number`);
    }
    const left = comparison.answer(text);
    if ('missing' in left) return { score: 0, why: `${left.missing} in the completion` };
    const spans = [left.span];
    if (numbers) {
      const leftNumber = parseNumber(left.found);
      if (leftNumber === null) return { score: 0, why: `extracted ${quote(left.found)}, which is not a number`, spans };
      const holds = numbers(leftNumber, rightNumber!);
      return { score: holds ? 1 : 0, why: `${leftNumber} ${operator} ${rightNumber!} ${isTrue(holds)}`, spans };
    }
    const holds = texts
      ? texts(left.found, String(right.found))
      : right.found.includes(left.found) === (operator === 'in');
    const rightText = Array.isArray(right.found)
      ? `[${right.found.map(quote).slice(0, 5).join(', ')}${right.found.length > 5 ? ', …' : ''}]`
      : quote(right.found);
    return { score: holds ? 1 : 0, why: `${quote(left.found)} ${operator} ${rightText} ${isTrue(holds)}`, spans };
  };
}

function isTrue(holds: boolean): string {
  return holds ? 'is true' : 'is false';
}
