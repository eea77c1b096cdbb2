/** The rules of texts that a completion must have, must not have, or must have once. */
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileExtraction } from './extraction.ts';
import type { CompiledRule, TextSpan } from './rule.ts';
import { quote } from './wording.ts';

/**
 * 1 when all of the texts, or one of them, appear in the extracted text, else 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileContains(rule: RuleOf<'contains'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const find = finderOf(rule.ignore_case);
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const search = find(extracted.found, extracted.span.start);
    const places = rule.texts.map((wanted) => ({ wanted, span: search(wanted) }));
    if (rule.need === 'any') {
      const first = places.find(({ span }) => span !== null);
      if (first) return { score: 1, why: `${quote(first.wanted)} appears`, spans: [first.span!] };
      return { score: 0, why: `none of ${listed(rule.texts)} appears`, spans: [extracted.span] };
    }
    const missing = places.find(({ span }) => span === null);
    if (missing) return { score: 0, why: `${quote(missing.wanted)} does not appear`, spans: [extracted.span] };
    return { score: 1, why: `${listed(rule.texts)} ${verb(rule.texts)}`, spans: places.map(({ span }) => span!) };
  };
}

/**
 * 1 when none of the texts appears in the extracted text, else 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileNotContains(rule: RuleOf<'not_contains'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const find = finderOf(rule.ignore_case);
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted)
      return { score: 1, why: `${extracted.missing} in the completion, so nothing forbidden` };
    const search = find(extracted.found, extracted.span.start);
    for (const forbidden of rule.texts) {
      const span = search(forbidden);
      if (span !== null) return { score: 0, why: `${quote(forbidden)} appears`, spans: [span] };
    }
    const none =
      rule.texts.length === 1 ? `${quote(rule.texts[0])} does not appear` : `none of ${listed(rule.texts)} appears`;
    return { score: 1, why: none };
  };
}

/** The share of the texts that appear exactly once; appearances do not overlap. */
export function compileTagCount(rule: RuleOf<'tag_count'>): CompiledRule {
  return ({ text }) => {
    const counts = rule.texts.map((mark) => ({ mark, count: text.split(mark).length - 1 }));
    const once = counts.filter(({ count }) => count === 1);
    const other = counts.find(({ count }) => count !== 1);
    const fault = other ? `; ${quote(other.mark)} appears ${other.count === 0 ? 'never' : `${other.count} times`}` : '';
    return {
      score: once.length / counts.length,
      why: `${once.length} of ${counts.length} texts appear exactly once${fault}`,
      spans: once.map(({ mark }) => spanOf(text.indexOf(mark), mark.length)),
    };
  };
}

/** Searches a part of a completion that begins at `offset`. Case is ignored letter by letter, so that places stay as they are. */
function finderOf(ignoreCase: boolean): (text: string, offset: number) => (wanted: string) => TextSpan | null {
  const fold = ignoreCase ? foldCase : (text: string) => text;
  return (text, offset) => {
    const folded = fold(text);
    return (wanted) => {
      const at = folded.indexOf(fold(wanted));
      return at < 0 ? null : spanOf(at + offset, wanted.length);
    };
  };
}

/** Lower case of the same length: letters whose lower case is longer (İ) stay as they are. */
function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  }).join('');
}

function spanOf(start: number, length: number): TextSpan {
  return { start, end: start + length };
}

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).map(quote).join(', ');
  return texts.length > 5 ? `${shown} and ${texts.length - 5} more` : shown;
}

function verb(texts: readonly string[]): string {
  return texts.length === 1 ? 'appears' : 'appear';
}
