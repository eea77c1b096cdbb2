/** Numbers as people and models write them: signs, thousands separators, decimals, a currency sign, a percent sign. */
import type { TextSpan } from './rule.ts';

const digits = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+`;

/** A minus right after a word, digit or closing bracket subtracts; elsewhere it is a sign. */
const anyNumber = new RegExp(String.raw`(?:(?<![\w)\]])[-+−])?(?:${digits})(?:[eE][-+]?\d+)?`, 'g');

const wholeNumber = new RegExp(String.raw`^[-+]?(?:${digits})(?:[eE][-+]?\d+)?$`);

/** Where the last number in a text stands, or null. */
export function findLastNumber(text: string): TextSpan | null {
  let last: TextSpan | null = null;
  for (const match of text.matchAll(anyNumber)) last = { start: match.index, end: match.index + match[0].length };
  return last;
}

/** Longest text that is read as a number, in UTF-16 units. */
const LONGEST_NUMBER = 400;

/**
 * The value of a text that is a number and nothing else, or null. A currency sign, a percent sign, a full stop at the end and
 * thousands separators are ignored: `$1,234.50` is 1234.5 and `50%` is 50.
 */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST_NUMBER) return null;
  const bare = trimmed
    .replace('−', '-')
    .replace(/^([-+]?)\s*[$€£¥₹]\s*/, '$1')
    .replace(/\s*[%$€£¥₹]?\.?$/, '');
  if (!wholeNumber.test(bare)) return null;
  const value = Number(bare.replaceAll(',', ''));
  return Number.isFinite(value) ? value : null;
}
