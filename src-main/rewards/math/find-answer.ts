/** Finds the answer to a mathematical question in a text that says nothing of where it is. */
import { compileExtraction, type Extracted, type Extractor } from '../extraction.ts';

const boxed = compileExtraction({ type: 'boxed' }, '');
const lastNumber = compileExtraction({ type: 'last_number' }, '');
const afterMarker = compileExtraction({ type: 'after', marker: '####' }, '');

/** In a completion: the last \boxed{}, else what follows the last "answer is", else the last formula, else the last number. */
export const findAnswer: Extractor = (text) => {
  const box = boxed(text);
  if ('found' in box) return box;
  return saidAnswer(text) ?? lastFormula(text) ?? orElse(lastNumber(text), 'no answer');
};

/**
 * In the column of right answers: the last \boxed{}, else what follows the last ####, else what follows the last "answer is", else
 * the last formula where there is one in a sentence, else everything.
 */
export const findExpected: Extractor = (text) => {
  const box = boxed(text);
  if ('found' in box) return box;
  const marked = afterMarker(text);
  if ('found' in marked) return marked;
  const said = saidAnswer(text) ?? (isSentence(text) ? lastFormula(text) : null);
  if (said !== null) return said;
  return text.trim() === '' ? { missing: 'nothing' } : { found: text, span: { start: 0, end: text.length } };
};

const formulas = /\$\$?([^$]+)\$\$?|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]/dg;

function lastFormula(text: string): Extracted | null {
  return lastMatch(text, formulas);
}

/** Whether there are words between the formulas other than those that make a list of them: `$1$ or $2$` is none. */
function isSentence(text: string): boolean {
  const words = text.replace(formulas, ' ').match(/[A-Za-z]{2,}/g) ?? [];
  return words.some((word) => word !== 'and' && word !== 'or');
}

function saidAnswer(text: string): Extracted | null {
  const said = lastMatch(text, /\banswer(?:\s+is\b|\s*[:=])\s*[:=]?\s*(?=\S)([^\n]+)/dgi);
  return said === null ? null : sentencePart(said);
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
