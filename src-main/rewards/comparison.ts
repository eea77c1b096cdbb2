/** The two sides of a comparison: a completion's answer, and the right one in the dataset, both made comparable. */
import type { DatasetRow } from '../contract/dataset.ts';
import type { Extraction } from '../contract/reward-rules/extraction.ts';
import type { Normalisation } from '../contract/reward-rules/normalisation.ts';
import type { Extracted } from './extracted.ts';
import { compileExtraction } from './extraction.ts';
import { normaliseText } from './normalisation.ts';
import type { Verdict } from './rule.ts';
import { kindOf, quote } from './wording.ts';

interface ComparisonSettings {
  extract: Extraction;
  column: string;
  extract_expected: Extraction;
  normalise: Normalisation;
}

/** What a column holds, or why it is of no use, in words. */
type Expected<T> = { found: T } | { missing: string };

export interface Comparison {
  /** The completion's answer, normalised. */
  answer(text: string): Extracted;
  /** The right answer, normalised. */
  expected(row: DatasetRow): Expected<string>;
  /** Several right answers, normalised: a list, a JSON list in a text, or a text divided by the separator. */
  expectedList(row: DatasetRow, separator: string): Expected<string[]>;
  /** The answers in one text, divided by the separator or written as a JSON list, normalised. */
  split(text: string, separator: string): string[];
}

/**
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileComparison(rule: ComparisonSettings, field: string): Comparison {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const extractExpected = compileExtraction(rule.extract_expected, `${field}.extract_expected`);
  const normalise = (text: string) => normaliseText(text, rule.normalise).trim();
  const split = (text: string, separator: string) => (jsonList(text) ?? text.split(separator)).map(normalise);
  const rightText = (row: DatasetRow): Expected<string> => {
    const value = readColumn(row, rule.column);
    if ('missing' in value) return value;
    const written = textOf(value.found);
    if (written === null) return { missing: `column ${quote(rule.column)} holds ${kindOf(value.found)}` };
    const extracted = extractExpected(written);
    if ('missing' in extracted) return { missing: `${extracted.missing} in column ${quote(rule.column)}` };
    return { found: extracted.found };
  };
  return {
    answer(text) {
      const extracted = extract(text);
      return 'missing' in extracted ? extracted : { found: normalise(extracted.found), span: extracted.span };
    },
    expected(row) {
      const right = rightText(row);
      return 'missing' in right ? right : { found: normalise(right.found) };
    },
    expectedList(row, separator) {
      const value = readColumn(row, rule.column);
      if ('missing' in value) return value;
      if (Array.isArray(value.found)) return listOf(value.found, rule.column, normalise);
      const right = rightText(row);
      return 'missing' in right ? right : { found: split(right.found, separator) };
    },
    split,
  };
}

/** What a row has in a column, or the sentence that it has none. */
export function readColumn(row: DatasetRow, column: string): Expected<unknown> {
  if (!Object.hasOwn(row.columns, column)) return { missing: `the row has no column ${quote(column)}` };
  return { found: row.columns[column] };
}

/** The verdict on a row to which a rule does not apply. */
export function notApplicable(reason: string): Verdict {
  return { score: null, why: `not applicable: ${reason}` };
}

function listOf(list: unknown[], column: string, normalise: (text: string) => string): Expected<string[]> {
  const texts = list.map(textOf);
  if (texts.includes(null)) return { missing: `the list in column ${quote(column)} holds more than texts and numbers` };
  return texts.length === 0
    ? { missing: `the list in column ${quote(column)} is empty` }
    : { found: texts.map((text) => normalise(text!)) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** The texts of a JSON list of texts, numbers and booleans, or null. */
function jsonList(text: string): string[] | null {
  if (!text.trimStart().startsWith('[')) return null;
  try {
    const texts = (JSON.parse(text) as unknown[]).map(textOf);
    return texts.includes(null) ? null : (texts as string[]);
  } catch {
    return null; // a text that begins with a bracket
  }
}
