/** Finds the answer in LaTeX's \boxed{…}, where models that were trained on mathematics put it. */
import type { TextSpan } from './rule.ts';

/** A box with braces or, as in MATH's own solutions, a space; or a brace; a backslash takes the next character with it. */
const token = /\\(?:boxed|fbox)(?:\s?\{|\s)|\\[\s\S]|[{}]/g;

/** The inside of the last box whose braces are balanced: that which begins last; or null. Linear in the text. */
export function lastBoxed(text: string): TextSpan | null {
  if (!/\\(?:boxed|fbox)/.test(text)) return null;
  const open: { start: number; boxed: boolean }[] = [];
  let last: TextSpan | null = null;
  const keep = (span: TextSpan) => {
    if (last === null || span.start > last.start) last = span;
  };
  for (const match of text.matchAll(token)) {
    const [mark] = match;
    const after = match.index + mark.length;
    if (mark === '{') open.push({ start: after, boxed: false });
    else if (mark === '}') {
      const brace = open.pop();
      if (brace?.boxed) keep({ start: brace.start, end: match.index });
    } else if (mark.endsWith('{') && mark.length > 2) open.push({ start: after, boxed: true });
    else if (mark.startsWith('\\boxed') || mark.startsWith('\\fbox')) keep({ start: after, end: wordEnd(text, after) });
  }
  return last;
}

/** Where the text after a box without braces ends: at a dollar sign or white space. */
function wordEnd(text: string, from: number): number {
  const stop = /[\s$]/g;
  stop.lastIndex = from;
  return stop.exec(text)?.index ?? text.length;
}
