/** Cuts texts for showing: at the spans a rule points to, and with whitespace that can be seen. Pure. */
import type { TextSpan } from '../../../src-main/contract/engine.ts';

export interface TextPart {
  text: string;
  marked: boolean;
}

/** The whole text in parts; spans may overlap and reach beyond the end. */
export function markSpans(text: string, spans: readonly TextSpan[]): TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    const from = Math.max(at, start);
    const to = Math.min(text.length, end);
    if (to <= from) continue;
    if (from > at) parts.push({ text: text.slice(at, from), marked: false });
    parts.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), marked: false });
  return parts;
}

/** Spaces, tabs and ends of lines as signs; an end of line still ends it. */
export function showWhitespace(text: string): string {
  return text.replaceAll(' ', '·').replaceAll('\t', '→\t').replaceAll(/\r?\n/g, '↵\n');
}
