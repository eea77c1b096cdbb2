import { describe, expect, test } from 'vitest';
import { packSegments, segmentList, segmentPositions, segmentsOfGroups } from './segments.ts';

describe('segmentsOfGroups', () => {
  test('lays a prompt out once, before its completions', () => {
    const segments = segmentsOfGroups([
      { promptLength: 3, completionLengths: [2, 1] },
      { promptLength: 2, completionLengths: [4] },
    ]);
    expect(segments.tokens).toBe(12);
    expect(segmentList(segments)).toEqual([
      { start: 0, length: 3, prefixStart: 0, prefixLength: 0 },
      { start: 3, length: 2, prefixStart: 0, prefixLength: 3 },
      { start: 5, length: 1, prefixStart: 0, prefixLength: 3 },
      { start: 6, length: 2, prefixStart: 0, prefixLength: 0 },
      { start: 8, length: 4, prefixStart: 6, prefixLength: 2 },
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
  const prompt = { start: 0, length: 2, prefixStart: 0, prefixLength: 0 };

  test('refuses a gap', () => {
    expect(() => packSegments([prompt, { start: 3, length: 1, prefixStart: 0, prefixLength: 2 }])).toThrow(
      'at token 2',
    );
  });

  test('refuses a prefix that is no whole earlier prompt', () => {
    expect(() => packSegments([prompt, { start: 2, length: 1, prefixStart: 0, prefixLength: 1 }])).toThrow(
      'prefix of segment 1',
    );
    const completion = { start: 2, length: 1, prefixStart: 0, prefixLength: 2 };
    const chained = { start: 3, length: 1, prefixStart: 2, prefixLength: 1 };
    expect(() => packSegments([prompt, completion, chained])).toThrow('prefix of segment 2');
  });
});
