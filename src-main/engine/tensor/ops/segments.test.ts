import { describe, expect, test } from 'vitest';
import { packSegments, segmentList, segmentPositions, segmentsOfGroups, textsOfSegments } from './segments.ts';

describe('segmentsOfGroups', () => {
  test('lays a prompt out once, before its completions', () => {
    const segments = segmentsOfGroups([
      { promptLength: 3, completionLengths: [2, 1] },
      { promptLength: 2, completionLengths: [4] },
    ]);
    expect(segments.tokens).toBe(12);
    expect(segmentList(segments)).toEqual([
      { start: 0, length: 3, parent: 0, prefixLength: 0 },
      { start: 3, length: 2, parent: 0, prefixLength: 3 },
      { start: 5, length: 1, parent: 0, prefixLength: 3 },
      { start: 6, length: 2, parent: 0, prefixLength: 0 },
      { start: 8, length: 4, parent: 3, prefixLength: 2 },
    ]);
    expect([...segmentPositions(segments)]).toEqual([0, 1, 2, 3, 4, 3, 0, 1, 2, 3, 4, 5]);
  });

  test('gives an empty prompt or completion no segment', () => {
    const segments = segmentsOfGroups([{ promptLength: 0, completionLengths: [2, 0, 1] }]);
    expect([...segments.rows]).toEqual([0, 2, 0, 0, 2, 1, 0, 0]);
    expect([...segmentPositions(segments)]).toEqual([0, 1, 0]);
  });
});

describe('packSegments', () => {
  const prompt = { start: 0, length: 2, parent: 0, prefixLength: 0 };

  test('refuses a gap', () => {
    expect(() => packSegments([prompt, { start: 3, length: 1, parent: 0, prefixLength: 2 }])).toThrow('at token 2');
  });

  test('refuses a prefix that does not end within the parent', () => {
    const completion = { start: 2, length: 2, parent: 0, prefixLength: 2 };
    const branch = (parent: number, prefixLength: number) =>
      packSegments([prompt, completion, { start: 4, length: 1, parent, prefixLength }]);
    for (const [parent, prefixLength] of [
      [0, 3], // beyond it
      [1, 2], // before it
      [2, 1], // itself
      [-1, 1],
    ]) {
      expect(() => branch(parent, prefixLength)).toThrow('prefix of segment 2');
    }
    expect(branch(1, 3).tokens).toBe(5);
  });
});

test('the text of a branch begins as that of its parent', () => {
  const segments = packSegments([
    { start: 0, length: 3, parent: 0, prefixLength: 0 },
    { start: 3, length: 3, parent: 0, prefixLength: 2 },
    { start: 6, length: 1, parent: 1, prefixLength: 4 },
    { start: 7, length: 1, parent: 2, prefixLength: 5 },
  ]);
  expect(textsOfSegments(segments)).toEqual([
    [0, 1, 2],
    [0, 1, 3, 4, 5],
    [0, 1, 3, 4, 6],
    [0, 1, 3, 4, 6, 7],
  ]);
  expect([...segmentPositions(segments)]).toEqual([0, 1, 2, 2, 3, 4, 4, 5]);
});
