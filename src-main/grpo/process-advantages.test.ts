import { describe, expect, test } from 'vitest';
import { processAdvantages } from './process-advantages.ts';

describe('processAdvantages', () => {
  test('sums the normalised rewards of the steps that end at a token or after it', () => {
    // Rewards 1, 0, 1, 2 have mean 1 and standard deviation √(2/3).
    const steps = [
      [
        { end: 1, reward: 1 },
        { end: 3, reward: 0 },
      ],
      [
        { end: 0, reward: 1 },
        { end: 2, reward: 2 },
      ],
    ];
    const [first, second] = processAdvantages(steps, [5, 3]);
    const unit = 1 / (Math.sqrt(2 / 3) + 1e-4);
    expect([...first].map((advantage) => advantage / unit)).toEqual(
      [-1, -1, -1, -1, 0].map((x) => expect.closeTo(x, 12)),
    );
    expect([...second].map((advantage) => advantage / unit)).toEqual([1, 1, 1].map((x) => expect.closeTo(x, 12)));
  });

  test('with one step at the end is outcome supervision', () => {
    const [a, b] = processAdvantages([[{ end: 2, reward: 1 }], [{ end: 1, reward: 0 }]], [3, 2]);
    expect(new Set(a).size).toBe(1);
    expect(a[0]).toBeCloseTo(-b[0], 12);
    expect(a[0]).toBeCloseTo(0.5 / (Math.sqrt(0.5) + 1e-4), 12);
  });

  test('of a group with a single step are zero', () => {
    const advantages = processAdvantages([[{ end: 1, reward: 7 }], []], [2, 3]);
    expect(advantages.map((values) => [...values])).toEqual([
      [0, 0],
      [0, 0, 0],
    ]);
  });
});
