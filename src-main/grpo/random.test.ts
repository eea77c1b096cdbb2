import { describe, expect, test } from 'vitest';
import { RandomStream } from './random.ts';
import { mean, standardDeviation } from './statistics.ts';

const draws = (stream: RandomStream, n: number) => Array.from({ length: n }, () => stream.nextFloat());

describe('RandomStream', () => {
  test('repeats itself for the same seed and path', () => {
    expect(draws(RandomStream.of(1, 'rollout', 3), 5)).toEqual(draws(RandomStream.of(1, 'rollout', 3), 5));
  });

  test('differs between neighbouring seeds, steps and places', () => {
    const streams = [
      RandomStream.of(1, 'rollout', 1, 2),
      RandomStream.of(2, 'rollout', 1, 2),
      RandomStream.of(1, 'rollout', 2, 1),
      RandomStream.of(1, 'rollout', 12),
    ];
    expect(new Set(streams.map((stream) => stream.nextFloat())).size).toBe(streams.length);
  });

  test('first draws of neighbouring streams are uniform', () => {
    const first = Array.from({ length: 4000 }, (_, i) => RandomStream.of(7, 'completion', i).nextFloat());
    expect(mean(first)).toBeCloseTo(0.5, 1);
    expect(standardDeviation(first)).toBeCloseTo(Math.sqrt(1 / 12), 1);
    const deciles = new Array<number>(10).fill(0);
    for (const value of first) deciles[Math.floor(value * 10)]++;
    for (const count of deciles) expect(Math.abs(count - 400)).toBeLessThan(100);
  });

  test('normal draws have mean 0 and deviation 1', () => {
    const stream = RandomStream.of(1, 'normal');
    const values = Array.from({ length: 20000 }, () => stream.nextNormal());
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(Math.abs(standardDeviation(values) - 1)).toBeLessThan(0.03);
  });

  test('a permutation holds every index once', () => {
    const order = RandomStream.of(1, 'data').permutation(100);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
