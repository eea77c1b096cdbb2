import { describe, expect, test } from 'vitest';
import { completionKl, klEstimate, klShapedRewards } from './kl.ts';
import { mean } from './statistics.ts';

const policy = [0.5, 0.3, 0.2];
const reference = [0.2, 0.3, 0.5];
const divergence = policy.reduce((total, p, i) => total + p * Math.log(p / reference[i]), 0);

/** The mean over tokens drawn from the policy. */
const expected = (of: (logp: number, referenceLogp: number) => number) =>
  policy.reduce((total, p, i) => total + p * of(Math.log(p), Math.log(reference[i])), 0);

describe('klEstimate', () => {
  test('k1 and k3 are unbiased, k2 is not', () => {
    for (const estimator of ['k1', 'k3'] as const) {
      expect(expected((logp, referenceLogp) => klEstimate(estimator, logp, referenceLogp).value)).toBeCloseTo(
        divergence,
        12,
      );
    }
    expect(expected((logp, referenceLogp) => klEstimate('k2', logp, referenceLogp).value)).not.toBeCloseTo(
      divergence,
      3,
    );
  });

  test('k3 is never negative, k1 is', () => {
    expect(klEstimate('k3', -2, -1).value).toBeGreaterThan(0);
    expect(klEstimate('k1', -2, -1).value).toBe(-1);
    expect(klEstimate('k3', -2, -2)).toEqual({ value: 0, slope: 0 });
  });
});

describe('KL in the reward', () => {
  test('is the sum over the tokens of a completion', () => {
    expect(completionKl('k1', [-1, -2, -1], [-1.5, -2, -3])).toBeCloseTo(2.5, 12);
    expect(completionKl('k1', [], [])).toBe(0);
  });

  test('lowers known rewards only', () => {
    expect(klShapedRewards([1, null, 0], [2, 3, -1], 0.1)).toEqual([0.8, null, 0.1]);
  });

  test('mean of the estimates of many completions is the divergence', () => {
    const all = policy.flatMap((p, i) => Array.from({ length: Math.round(10 * p) }, () => i));
    const kl = all.map((i) => completionKl('k1', [Math.log(policy[i])], [Math.log(reference[i])]));
    expect(mean(kl)).toBeCloseTo(divergence, 12);
  });
});
