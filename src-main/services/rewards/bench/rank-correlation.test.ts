import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kendall, spearman } from './rank-correlation.ts';

/** The definitions, pair by pair. */
function slowKendall(first: number[], second: number[]): number | null {
  let balance = 0;
  let untiedFirst = 0;
  let untiedSecond = 0;
  for (let i = 0; i < first.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [Math.sign(first[i] - first[j]), Math.sign(second[i] - second[j])];
      balance += a * b;
      untiedFirst += a * a;
      untiedSecond += b * b;
    }
  }
  return untiedFirst * untiedSecond === 0 ? null : balance / Math.sqrt(untiedFirst * untiedSecond);
}

describe('by hand', () => {
  test.each([
    [[1, 2, 3], [10, 20, 30], 1, 1],
    [[1, 2, 3], [3, 2, 1], -1, -1],
    [[1, 2, 3, 4], [1, 3, 2, 4], 0.8, 2 / 3],
    [[1, 1, 2], [1, 2, 2], 0.5, 0.5],
    [[0, 0, 1, 1], [0, 1, 1, 1], 1 / Math.sqrt(3), 1 / Math.sqrt(3)],
  ])('%j and %j', (first, second, rho, tau) => {
    expect(spearman(first, second)).toBeCloseTo(rho, 12);
    expect(kendall(first, second)).toBeCloseTo(tau, 12);
  });

  test.each([
    [[], []],
    [[1], [2]],
    [
      [1, 1],
      [1, 2],
    ],
  ])('no order in %j and %j', (first, second) => {
    expect(spearman(first, second)).toBeNull();
    expect(kendall(first, second)).toBeNull();
  });
});

test('kendall is its definition, ties and all', () => {
  const few = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { maxLength: 40 });
  fc.assert(
    fc.property(few, (pairs) => {
      const [first, second] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      const [fast, slow] = [kendall(first, second), slowKendall(first, second)];
      if (slow === null) expect(fast).toBeNull();
      else expect(fast).toBeCloseTo(slow, 10);
    }),
  );
});
