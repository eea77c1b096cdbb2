import { expect, test } from 'vitest';
import { markedParts } from './marked-text.ts';

const marked = (text: string, ...spans: [number, number][]) =>
  markedParts(
    text,
    spans.map(([start, end]) => ({ start, end })),
  ).map(({ text: part, isMarked }) => (isMarked ? `[${part}]` : part));

test('cuts a text at its spans', () => {
  expect(marked('abcdef')).toEqual(['abcdef']);
  expect(marked('abcdef', [2, 4])).toEqual(['ab', '[cd]', 'ef']);
  expect(marked('abcdef', [4, 6], [0, 1])).toEqual(['[a]', 'bcd', '[ef]']);
});

test('no character is lost or shown twice where spans overlap, are empty or reach over the end', () => {
  expect(marked('abcdef', [1, 4], [2, 3], [3, 5])).toEqual(['a', '[bcd]', '[e]', 'f']);
  expect(marked('abc', [1, 1], [2, 99])).toEqual(['ab', '[c]']);
  expect(marked('', [0, 4])).toEqual([]);
});
