/** Numbers as people and models write them: signs, thousands separators, decimals, a currency sign, a percent sign. */

const digits = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+`;

/** A minus right after a word, digit or closing bracket subtracts; elsewhere it is a sign. */
const anyNumber = new RegExp(String.raw`(?:(?<![\w)\]])[-+−])?(?:${digits})(?:[eE][-+]?\d+)?`, 'g');

const wholeNumber = new RegExp(String.raw`^[-+]?(?:${digits})(?:[eE][-+]?\d+)?$`);

/** The last number in a text, as written there, or null. */
export function findLastNumber(text: string): string | null {
  return text.match(anyNumber)?.at(-1) ?? null;
}

/**
 * The value of a text that is a number and nothing else, or null. A currency sign, a percent sign, a full stop at the end and
 * thousands separators are ignored: `$1,234.50` is 1234.5 and `50%` is 50.
 */
export function parseNumber(text: string): number | null {
  const bare = text
    .trim()
    .replace('−', '-')
    .replace(/^([-+]?)\s*[$€£¥₹]\s*/, '$1')
    .replace(/\s*[%$€£¥₹]?\.?$/, '');
  if (!wholeNumber.test(bare)) return null;
  const value = Number(bare.replaceAll(',', ''));
  return Number.isFinite(value) ? value : null;
}
