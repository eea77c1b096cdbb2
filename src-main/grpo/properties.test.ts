/** The identities of one step, for any rewards and log-probs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../e2e/fixtures/golden.ts';
import { groupAdvantages, type AdvantageOptions } from './advantages.ts';
import { clippedSurrogate } from './clip.ts';
import { grpoLoss } from './loss.ts';
import { paperLossOptions } from './loss-options.ts';
import type { LossType } from './normalisation.ts';
import { spreadOverTokens, type PolicyTokens } from './policy-tokens.ts';
import { processAdvantages } from './process-advantages.ts';
import type { RatioLevel } from './ratio.ts';
import { standardDeviation, sum } from './statistics.ts';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const rewards = fc.array(number(-10, 10), { minLength: 2, maxLength: 12 });
const baselines = fc.constantFrom<AdvantageOptions['baseline']>('mean', 'leave_one_out');
const scales = fc.constantFrom<AdvantageOptions['scale']>('group', 'batch', 'none');

/** Groups whose rewards differ enough for the ε in the denominator not to matter. */
const groups = fc
  .array(rewards, { minLength: 1, maxLength: 4 })
  .filter((all) => all.every((group) => standardDeviation(group) > 1));

describe('advantages', () => {
  test('of a group sum to zero', () => {
    fc.assert(
      fc.property(fc.array(rewards, { minLength: 1, maxLength: 4 }), baselines, scales, (all, baseline, scale) => {
        for (const advantages of groupAdvantages(all, { baseline, scale })) {
          const size = Math.max(1, ...advantages.map(Math.abs));
          expect(Math.abs(sum(advantages)) / size).toBeLessThan(1e-9);
        }
      }),
    );
  });

  test('do not change when a number is added to all rewards of a group', () => {
    fc.assert(
      fc.property(groups, number(-100, 100), baselines, (all, shift, baseline) => {
        const shifted = all.map((group) => group.map((reward) => reward + shift));
        const options: AdvantageOptions = { baseline, scale: 'group' };
        const after = groupAdvantages(shifted, options);
        groupAdvantages(all, options).forEach((before, i) =>
          expect(largestDifference(before, after[i])).toBeLessThan(1e-9),
        );
      }),
    );
  });

  test('do not change when all rewards are multiplied, unless they are not scaled', () => {
    fc.assert(
      fc.property(groups, number(1, 100), baselines, scales, (all, factor, baseline, scale) => {
        const stretched = all.map((group) => group.map((reward) => factor * reward));
        const after = groupAdvantages(stretched, { baseline, scale });
        groupAdvantages(all, { baseline, scale }).forEach((before, i) => {
          const expected = scale === 'none' ? before.map((advantage) => factor * advantage) : before;
          const size = Math.max(1, ...expected.map(Math.abs));
          expect(largestDifference(expected, after[i]) / size).toBeLessThan(1e-3); // ε = 1e-4 beside deviations above 1
        });
      }),
    );
  });

  test('of process rewards: the credits that completions start with sum to zero', () => {
    const step = fc.record({ end: fc.nat(9), reward: number(-10, 10) });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 5 }), (steps) => {
        const advantages = processAdvantages(
          steps,
          steps.map(() => 10),
        );
        const first = advantages.map((ofCompletion) => ofCompletion[0]);
        expect(Math.abs(sum(first)) / Math.max(1, ...first.map(Math.abs))).toBeLessThan(1e-9);
      }),
    );
  });
});

/** A group whose completions are sampled by the policy itself; advantages from rewards. */
const onPolicyGroups = fc
  .array(fc.array(fc.tuple(number(-5, -0.01), number(-1, 1)), { minLength: 1, maxLength: 6 }), {
    minLength: 2,
    maxLength: 6,
  })
  .chain((completions) =>
    fc.tuple(
      fc.constant(completions),
      fc.array(number(-10, 10), { minLength: completions.length, maxLength: completions.length }),
    ),
  )
  .map(([completions, ofCompletions]) => {
    const offsets = [0];
    for (const { length } of completions) offsets.push(offsets[offsets.length - 1] + length);
    const logps = completions.flat().map(([logp]) => logp);
    const [advantages] = groupAdvantages([ofCompletions], { baseline: 'mean', scale: 'group' });
    const tokens: PolicyTokens = {
      offsets,
      logps,
      oldLogps: logps,
      samplingLogps: logps,
      referenceLogps: completions.flat().map(([logp, away]) => logp + away),
      entropies: logps.map(() => 1),
      advantages: spreadOverTokens(advantages, offsets),
    };
    return { tokens, totals: { completions: completions.length, tokens: logps.length, averageTokens: logps.length } };
  });

const betas = number(0, 1);
const plain = { ...paperLossOptions, maxCompletionLength: 8 };

describe('on-policy', () => {
  test('the value of the loss is β times the mean KL of completions', () => {
    fc.assert(
      fc.property(onPolicyGroups, betas, ({ tokens, totals }, beta) => {
        const { loss, klLoss, policyLoss } = grpoLoss(tokens, totals, { ...plain, beta });
        const meanKl = grpoLoss(tokens, totals, { ...plain, beta: 1 }).klLoss;
        expect(Math.abs(policyLoss)).toBeLessThan(1e-9);
        expect(loss - klLoss).toBeCloseTo(0, 9);
        expect(loss).toBeCloseTo(beta * meanKl, 9);
      }),
    );
  });

  test('the gradient is −(Â + β(π_ref/π − 1)) times the weight of the token', () => {
    fc.assert(
      fc.property(onPolicyGroups, betas, ({ tokens, totals }, beta) => {
        const { gradient, coefficients } = grpoLoss(tokens, totals, { ...plain, beta });
        for (let i = 0; i < totals.completions; i++) {
          const weight = 1 / (totals.completions * (tokens.offsets[i + 1] - tokens.offsets[i]));
          for (let t = tokens.offsets[i]; t < tokens.offsets[i + 1]; t++) {
            const ratio = Math.exp((tokens.referenceLogps as ArrayLike<number>)[t] - tokens.logps[t]);
            const coefficient = tokens.advantages[t] + beta * (ratio - 1);
            expect(coefficients[t]).toBeCloseTo(coefficient, 9);
            expect(gradient[t]).toBeCloseTo(-weight * coefficient, 9);
          }
        }
      }),
    );
  });

  test('nothing is clipped, and ratio levels and bounds make no difference', () => {
    const levels = fc.constantFrom<RatioLevel>('token', 'sequence', 'sequence_token');
    const types = fc.constantFrom<LossType>('grpo', 'bnpo', 'dr_grpo', 'dapo', 'luspo');
    fc.assert(
      fc.property(onPolicyGroups, types, levels, ({ tokens, totals }, lossType, ratioLevel) => {
        const usual = grpoLoss(tokens, totals, { ...plain, lossType });
        const bounded = { ...plain, lossType, ratioLevel, epsilon: 1e-9, epsilonHigh: 1e-9, delta: 2, dualClip: 2 };
        const { measures, gradient } = grpoLoss(tokens, totals, bounded);
        expect([measures.clippedLow.max, measures.clippedHigh.max]).toEqual([0, 0]);
        expect(largestDifference(gradient, usual.gradient)).toBeLessThan(1e-9);
      }),
    );
  });

  test('every loss has the gradient of the plain policy gradient', () => {
    const types = fc.constantFrom<LossType>(
      'grpo',
      'bnpo',
      'dr_grpo',
      'dapo',
      'luspo',
      'sapo',
      'gmpo',
      'cispo',
      'vespo',
    );
    fc.assert(
      fc.property(onPolicyGroups, types, ({ tokens, totals }, lossType) => {
        const { coefficients } = grpoLoss(tokens, totals, { ...plain, lossType, beta: 0, epsilonHigh: 2 });
        expect(largestDifference(coefficients, tokens.advantages)).toBeLessThan(1e-9);
      }),
    );
  });
});

test('clipping is inactive at ratio 1, for any advantage and range', () => {
  fc.assert(
    fc.property(number(-10, 10), number(0.001, 0.999), number(0.001, 5), (advantage, epsilon, epsilonHigh) => {
      const surrogate = clippedSurrogate(1, advantage, { epsilon, epsilonHigh, delta: 1 + epsilonHigh, dualClip: 1.5 });
      expect(surrogate).toEqual({ value: advantage, slope: advantage, clipped: null });
    }),
  );
});

test('a clipped objective is never above the unclipped one, nor, with dual clip, below its floor', () => {
  fc.assert(
    fc.property(number(0, 10), number(-10, 10), (ratio, advantage) => {
      const { value } = clippedSurrogate(ratio, advantage, {
        epsilon: 0.2,
        epsilonHigh: 0.28,
        delta: null,
        dualClip: null,
      });
      expect(value).toBeLessThanOrEqual(ratio * advantage);
      const dual = clippedSurrogate(ratio, advantage, { epsilon: 0.2, epsilonHigh: 0.28, delta: null, dualClip: 3 });
      expect(dual.value).toBeGreaterThanOrEqual(Math.min(value, 3 * advantage));
      if (advantage < 0) expect(dual.value).toBeGreaterThanOrEqual(3 * advantage);
    }),
  );
});
