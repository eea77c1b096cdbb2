/** Finds the answer to a mathematical question in a text that says nothing of where it is. */
import { compileExtraction, type Extracted, type Extractor } from '../extraction.ts';

const boxed = compileExtraction({ type: 'boxed' }, '');
const lastNumber = compileExtraction({ type: 'last_number' }, '');
const afterMarker = compileExtraction({ type: 'after', marker: '####' }, '');

/** In a completion: the last \boxed{}, else what follows the last "answer is", else the last formula, else the last number. */
export const findAnswer: Extractor = (text) => {
  const box = boxed(text);
  if ('found' in box) return box;
  const said = lastMatch(text, /\banswer(?:\s+is)?\s*[:=]?\s+(?=\S)([^\n]+)/dgi);
  if (said !== null) return sentencePart(said);
  return lastFormula(text) ?? orElse(lastNumber(text), 'no answer');
};

/** In the column of right answers: the last \boxed{}, else what follows the last ####, else everything. */
export const findExpected: Extractor = (text) => {
  const box = boxed(text);
  if ('found' in box) return box;
  const marked = afterMarker(text);
  if ('found' in marked) return marked;
  return text.trim() === '' ? { missing: 'nothing' } : { found: text, span: { start: 0, end: text.length } };
};

function lastFormula(text: string): Extracted | null {
  return lastMatch(text, /\$\$?([^$]+)\$\$?|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]/dg);
}

/** The first formula in a sentence, else the sentence up to its end. */
function sentencePart(sentence: { found: string; span: { start: number; end: number } }): Extracted {
  const formula = lastFormula(sentence.found);
  const { start } = sentence.span;
  if (formula !== null && 'found' in formula)
    return { found: formula.found, span: { start: start + formula.span.start, end: start + formula.span.end } };
  const end = /\.(?=\s|$)/.exec(sentence.found)?.index ?? sentence.found.length;
  return { found: sentence.found.slice(0, end), span: { start, end: start + end } };
}

/** The first group with content of the last match of an expression with the flags d and g. */
function lastMatch(text: string, expression: RegExp): { found: string; span: { start: number; end: number } } | null {
  const match = [...text.matchAll(expression)].at(-1);
  const group = match?.findIndex((part, index) => index > 0 && part !== undefined) ?? -1;
  if (match === undefined || group < 0) return null;
  const [start, end] = match.indices![group]!;
  return { found: match[group], span: { start, end } };
}

function orElse(extracted: Extracted, missing: string): Extracted {
  return 'found' in extracted ? extracted : { missing };
}
