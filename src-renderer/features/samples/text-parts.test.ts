import { expect, test } from 'vitest';
import { markSpans, showWhitespace } from './text-parts.ts';

const shown = (text: string, ...spans: [number, number][]) =>
  markSpans(
    text,
    spans.map(([start, end]) => ({ start, end })),
  )
    .map((part) => (part.marked ? `[${part.text}]` : part.text))
    .join('');

test('spans cut a text without losing any of it', () => {
  expect(shown('abcdef', [1, 3], [4, 5])).toBe('a[bc]d[e]f');
  expect(shown('abcdef', [4, 99], [0, 2])).toBe('[ab]cd[ef]');
  expect(shown('abcdef', [0, 4], [2, 5], [3, 3])).toBe('[abcd][e]f');
  expect(shown('abc')).toBe('abc');
});

test('whitespace can be seen', () => {
  expect(showWhitespace('a b\n\tc')).toBe('a·b↵\n→\tc');
});
