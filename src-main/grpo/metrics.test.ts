import { describe, expect, test } from 'vitest';
import { randomTokens, totalsOf } from './fixtures/random-tokens.ts';
import { grpoLoss } from './loss.ts';
import { paperLossOptions } from './loss-options.ts';
import { groupBreakdown, lossMetrics, samplingMetrics } from './metrics.ts';
import { mean } from './statistics.ts';

test('a group with a single reward is no group of equal rewards', () => {
  const groups = [
    [1, 1],
    [0, null],
    [null, null],
    [0, 1],
  ];
  const sampled = groups.map((rewards) => ({
    completions: rewards.map((reward) => ({ length: 1, terminated: true, reward, scores: [] })),
  }));
  expect(samplingMetrics(sampled, []).frac_reward_zero_std).toBe(0.25);
  expect(samplingMetrics(sampled.slice(2, 3), [])).not.toHaveProperty('reward_std');
});

describe('groupBreakdown', () => {
  test('tells groups that are all right, all wrong and mixed', () => {
    const groups = [
      [true, true],
      [false, false],
      [false, null],
      [true, false],
      [null, null],
    ];
    expect(groupBreakdown(groups)).toEqual({ 'groups/all_right': 0.25, 'groups/all_wrong': 0.5, 'groups/mixed': 0.25 });
  });

  test('says nothing when the rule applies nowhere', () => expect(groupBreakdown([[null, null]])).toEqual({}));
});

describe('lossMetrics', () => {
  const tokens = randomTokens(1);
  const totals = totalsOf(tokens);
  const plain = { ...paperLossOptions, maxCompletionLength: 12 };

  test('takes the loss apart', () => {
    const options = { ...plain, entropyCoefficient: 0.1 };
    const metrics = lossMetrics([grpoLoss(tokens, totals, options)], 1, options);
    expect(metrics['loss/policy'] + metrics['loss/kl'] + metrics['loss/entropy']).toBeCloseTo(metrics.loss, 12);
    expect(metrics['loss/entropy']).toBeCloseTo(-0.1 * metrics.entropy, 12);
    expect(metrics.entropy_coef).toBe(0.1);
  });

  test('measures the KL without a penalty, and not without a reference', () => {
    const free = { ...plain, beta: 0 };
    const metrics = lossMetrics([grpoLoss(tokens, totals, free)], 1, free);
    expect(metrics.kl).toBeGreaterThan(0);
    expect(metrics['loss/kl']).toBe(0);
    expect(lossMetrics([grpoLoss({ ...tokens, referenceLogps: null }, totals, free)], 1, free)).not.toHaveProperty(
      'kl',
    );
  });

  test('reports how far the sampler is from the trainer', () => {
    const options = { ...plain, samplerCorrection: { mode: 'token_truncate' as const, min: null, max: 1.1 } };
    const metrics = lossMetrics([grpoLoss(tokens, totals, options)], 1, options);
    const differences = Array.from(tokens.oldLogps, (logp, t) => logp - tokens.samplingLogps[t]);
    const weights = differences.map((difference) => Math.min(1.1, Math.exp(difference)));
    expect(metrics['sampling/sampling_logp_difference/mean']).toBeCloseTo(mean(differences.map(Math.abs)), 12);
    expect(metrics['sampling/sampling_logp_difference/max']).toBeCloseTo(Math.max(...differences.map(Math.abs)), 12);
    expect(metrics['sampling/importance_sampling_ratio/min']).toBeCloseTo(Math.min(...weights), 12);
    expect(metrics['sampling/importance_sampling_ratio/mean']).toBeCloseTo(mean(weights), 12);
    expect(metrics['sampling/importance_sampling_ratio/max']).toBe(1.1);
  });

  test('are means over the updates', () => {
    const loss = grpoLoss(tokens, totals, plain);
    const twice = lossMetrics([loss, loss], 2, plain);
    for (const [name, value] of Object.entries(lossMetrics([loss], 1, plain))) {
      expect(twice[name], name).toBeCloseTo(value, 12);
    }
  });
});
