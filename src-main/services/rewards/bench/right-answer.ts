/** The right answer of a row by a rule, and how the rule's extraction wants it written. */
import type { DatasetRow } from '../../../contract/dataset.ts';
import type { RewardRule, RuleOf } from '../../../contract/reward-rules.ts';
import type { Extraction } from '../../../contract/reward-rules/extraction.ts';
import { compileExtraction } from '../../../rewards/extraction.ts';
import { correctnessOf } from '../../../rewards/length-correctness.ts';
import { findExpected } from '../../../rewards/math/find-answer.ts';
import { solveCountdown } from './solve-countdown.ts';

export interface RightAnswer {
  extract: Extraction;
  text: string;
}

/** null: the rule asks for no answer. */
type Found = RightAnswer | { missing: string } | null;

export function rightAnswer(rule: RewardRule, row: DatasetRow): Found {
  switch (rule.type) {
    case 'answer_match':
    case 'similarity':
    case 'column_compare': {
      const written = writtenAnswer(rule, row);
      if ('missing' in written) return written;
      return {
        extract: rule.extract,
        text: rule.type === 'similarity' ? written.found : satisfying(rule, written.found),
      };
    }
    case 'math': {
      const expected = columnText(rule.column, row);
      if ('missing' in expected) return expected;
      const find = rule.extract_expected === undefined ? findExpected : compileExtraction(rule.extract_expected, '');
      const found = find(expected.found);
      if ('missing' in found) return { missing: `${found.missing} in column "${rule.column}"` };
      return { extract: rule.extract ?? { type: 'boxed' }, text: found.found.trim() };
    }
    case 'cosine':
    case 'kimi_length':
      return rightAnswer(correctnessOf(rule), row);
    case 'countdown': {
      const { [rule.numbers_column]: given, [rule.target_column]: target } = row.columns;
      const numbers = (Array.isArray(given) ? given : String(given).match(/-?\d+(?:\.\d+)?/g))?.map(Number) ?? [];
      const solution = solveCountdown(numbers, Number(target), rule.use);
      if (solution === null)
        return { missing: `no expression was found that makes ${String(target)} of ${numbers.join(', ')}` };
      return { extract: rule.extract, text: solution.replace(/^\((.*)\)$/, '$1') };
    }
    case 'code_tests': {
      const solution = columnText('solution', row);
      if ('missing' in solution) return { missing: 'the row has no column "solution" with code that passes its tests' };
      const text = solution.found.includes('```') ? solution.found : `\`\`\`javascript\n${solution.found}\n\`\`\``;
      return rule.extract === undefined
        ? { extract: { type: 'text' }, text }
        : { extract: rule.extract, text: solution.found };
    }
    default:
      return null;
  }
}

function writtenAnswer(
  rule: RuleOf<'answer_match' | 'similarity' | 'column_compare'>,
  row: DatasetRow,
): { found: string } | { missing: string } {
  const value = row.columns[rule.column];
  if (Array.isArray(value)) {
    const wantsAll = rule.type === 'answer_match' && rule.compare === 'set';
    const chosen = wantsAll ? value : value.slice(0, 1);
    return chosen.length === 0
      ? { missing: `the list in column "${rule.column}" is empty` }
      : { found: chosen.map(String).join(wantsAll ? rule.separator : '') };
  }
  const written = columnText(rule.column, row);
  if ('missing' in written) return written;
  const found = compileExtraction(rule.extract_expected, '')(written.found);
  return 'missing' in found
    ? { missing: `${found.missing} in column "${rule.column}"` }
    : { found: found.found.trim() };
}

function columnText(column: string, row: DatasetRow): { found: string } | { missing: string } {
  const value = row.columns[column];
  if (typeof value === 'string') return { found: value };
  if (typeof value === 'number' || typeof value === 'boolean') return { found: String(value) };
  return { missing: `the row has no text or number in column "${column}"` };
}

/** A text that stands to the right answer as the rule asks. */
function satisfying(rule: RuleOf<'answer_match' | 'column_compare'>, right: string): string {
  if (rule.type === 'answer_match') {
    if (rule.compare === 'one_of') return firstOf(right, rule.separator);
    const isBare = /^[-+]?[\d.,_ ]+$/.test(right);
    return rule.compare === 'numeric' && rule.unit !== undefined && isBare ? `${right} ${rule.unit}` : right;
  }
  const number = Number(right.replaceAll(',', ''));
  switch (rule.operator) {
    case '<':
      return String(number - 1);
    case '>':
      return String(number + 1);
    case '!=':
      return rule.as === 'number' ? String(number + 1) : `not ${right}`;
    case 'not_in':
      return `none of ${right}`;
    default:
      return right;
  }
}

function firstOf(text: string, separator: string): string {
  if (!text.startsWith('[')) return text.split(separator)[0].trim();
  try {
    return String((JSON.parse(text) as unknown[])[0]);
  } catch {
    return text; // a text that begins with a bracket
  }
}
