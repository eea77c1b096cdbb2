/** Takes the text to score out of a completion, or the right answer out of a column, and says where it stood. */
import type { Extraction } from '../contract/reward-rules/extraction.ts';
import type { Normalisation } from '../contract/reward-rules/normalisation.ts';
import { lastBoxed } from './extract-boxed.ts';
import type { Extracted, Extractor } from './extracted.ts';
import { findJson, jsonAt, parseJsonPath } from './extract-json.ts';
import { normaliseText } from './normalisation.ts';
import { findLastNumber } from './numbers.ts';
import { compilePattern } from './pattern.ts';
import type { TextSpan } from './rule.ts';

export type { Extracted, Extractor };

/**
 * @param field where the extraction stands in the config, such as `rewards.0.extract`
 * @throws StudioError reward_invalid when a pattern is no regular expression or has no such group, or a path is none
 */
export function compileExtraction(extraction: Extraction, field: string): Extractor {
  switch (extraction.type) {
    case 'text':
      return (text) => part(text, 0, text.length);
    case 'tag': {
      const { tag } = extraction;
      return (text) => lastTag(text, tag) ?? { missing: `no <${tag}> tag` };
    }
    case 'regex': {
      const { pattern, group } = extraction;
      const expression = compilePattern(pattern, extraction, `${field}.pattern`, { group, field: `${field}.group` });
      return (text) => {
        const match = expression.exec(text);
        if (match === null) return { missing: `no match of /${pattern}/` };
        const span = match.span(group);
        return span === null
          ? { missing: `nothing in group ${group} of /${pattern}/` }
          : part(text, span.start, span.end);
      };
    }
    case 'last_number':
      return (text) => {
        const number = findLastNumber(text);
        return number === null ? { missing: 'no number' } : part(text, number.start, number.end);
      };
    case 'boxed':
      return (text) => {
        const span = lastBoxed(text);
        return span === null ? { missing: 'no \\boxed{…}' } : part(text, span.start, span.end);
      };
    case 'after': {
      const { marker } = extraction;
      return (text) => afterLast(text, marker) ?? { missing: `no ${marker}` };
    }
    case 'json_path': {
      const path = parseJsonPath(extraction.path, `${field}.path`);
      return (text) => {
        const json = findJson(text);
        return json === null ? { missing: 'no JSON' } : jsonAt(text, json, path);
      };
    }
    case 'reasoning':
      return (text) => reasoningOf(text) ?? { missing: 'no </think>' };
    case 'answer_part':
      return answerPartOf;
    case 'chain':
      return chain(extraction.steps.map((step, index) => compileExtraction(step, `${field}.steps.${index}`)));
  }
}

/**
 * Each extraction works on what the one before it found. The span stays exact as long as that is text as it stands; inside a JSON
 * string with escapes it is the span of the string.
 */
function chain(extractors: readonly Extractor[]): Extractor {
  return (text) => {
    let found = part(text, 0, text.length);
    for (const extract of extractors) {
      if ('missing' in found) return found;
      const outer: { found: string; span: TextSpan } = found;
      const inner = extract(outer.found);
      if ('missing' in inner) return inner;
      const { start, end } = outer.span;
      const isVerbatim = text.slice(start, end) === outer.found;
      found = { found: inner.found, span: isVerbatim ? shift(inner.span, start) : outer.span };
    }
    return found;
  };
}

function shift({ start, end }: TextSpan, by: number): TextSpan {
  return { start: start + by, end: end + by };
}

/** What a person sees of an extraction while writing it: what was found, where, and what is compared in the end. */
export type ExtractionPreview = { found: string; span: TextSpan; normalised: string } | { missing: string };

/** @throws StudioError reward_invalid when the extraction itself is at fault; its field begins with `extract` */
export function previewExtraction(
  extraction: Extraction,
  normalisation: Normalisation,
  text: string,
): ExtractionPreview {
  const extracted = compileExtraction(extraction, 'extract')(text);
  if ('missing' in extracted) return { missing: `${extracted.missing} in the text` };
  return { ...extracted, normalised: normaliseText(extracted.found, normalisation).trim() };
}

function part(text: string, start: number, end: number): Extracted {
  return { found: text.slice(start, end), span: { start, end } };
}

/** The inside of the last `<tag>` that is closed. */
function lastTag(text: string, tag: string): Extracted | null {
  const [open, close] = [`<${tag}>`, `</${tag}>`];
  const lastClose = text.lastIndexOf(close);
  if (lastClose < open.length) return null;
  const start = text.lastIndexOf(open, lastClose - open.length);
  if (start < 0) return null;
  const inside = start + open.length;
  return part(text, inside, text.indexOf(close, inside));
}

/** The rest of the line after the last marker. */
function afterLast(text: string, marker: string): Extracted | null {
  const at = text.lastIndexOf(marker);
  if (at < 0) return null;
  const start = at + marker.length;
  const end = text.indexOf('\n', start);
  return part(text, start, end < 0 ? text.length : end);
}

/** What stands before the first </think>; many chat templates have the <think> in the prompt, so it may be missing. */
function reasoningOf(text: string): Extracted | null {
  const end = text.indexOf('</think>');
  if (end < 0) return null;
  const open = text.indexOf('<think>');
  return part(text, open >= 0 && open < end ? open + '<think>'.length : 0, end);
}

function answerPartOf(text: string): Extracted {
  const answer = lastTag(text, 'answer');
  if (answer !== null) return answer;
  const thought = text.lastIndexOf('</think>');
  return part(text, thought < 0 ? 0 : thought + '</think>'.length, text.length);
}
