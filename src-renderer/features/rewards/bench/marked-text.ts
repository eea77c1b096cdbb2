/** A text cut at the borders of the spans that decided its scores. */
import type { TextSpan } from '../../../../src-main/contract/engine.ts';

export interface TextPart {
  text: string;
  isMarked: boolean;
}

/** @param spans in any order, overlapping or reaching over the end */
export function markedParts(text: string, spans: readonly TextSpan[]): TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  const add = (end: number, isMarked: boolean) => {
    if (end > at) parts.push({ text: text.slice(at, end), isMarked });
    at = Math.max(at, end);
  };
  const filled = spans.filter(({ start, end }) => end > start);
  for (const { start, end } of filled.toSorted((a, b) => a.start - b.start)) {
    add(Math.min(start, text.length), false);
    add(Math.min(end, text.length), true);
  }
  add(text.length, false);
  return parts;
}
