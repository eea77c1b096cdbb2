import { describe, expect, test } from 'vitest';
import { rankingLoss, rankingMetrics, regressionLoss, scoreRange, type ScoreLoss } from './reward-model-loss.ts';

const scores = [0.3, -1.2, 2.5, 2.5, -0.7, 1.9];
const targets = [1, 0, 0.5, 2, -1, 0];

/** Compares a gradient with central differences of its loss. */
function expectGradient(lossOf: (scores: number[]) => ScoreLoss): void {
  const step = 1e-5;
  const { gradient } = lossOf(scores);
  scores.forEach((_, i) => {
    const at = (change: number) => lossOf(scores.map((score, j) => (i === j ? score + change : score))).loss;
    expect(gradient[i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 8);
  });
}

describe('rankingLoss', () => {
  test('is −log σ of the margins, averaged', () => {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const expected = -(Math.log(sigmoid(1.5)) + Math.log(sigmoid(0)) + Math.log(sigmoid(-2.6))) / 3;
    expect(rankingLoss(scores, 3).loss).toBeCloseTo(expected, 12);
  });

  test('has the gradient of finite differences', () => expectGradient((scores) => rankingLoss(scores, 3)));

  test('depends on differences only: its gradient sums to zero', () => {
    const sum = rankingLoss(scores, 3).gradient.reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(0, 12);
  });

  test('stays finite for margins of any size', () => {
    const wrong = rankingLoss([-2000, 2000], 1);
    expect(wrong.loss).toBe(4000);
    expect([...wrong.gradient]).toEqual([-1, 1]);
    const right = rankingLoss([2000, -2000], 1);
    expect(right.loss).toBe(0);
    expect(right.gradient[1]).toBe(0);
  });

  test('adds up over micro-batches', () => {
    const whole = rankingLoss(scores, 3);
    const parts = [scores.slice(0, 2), scores.slice(2)].map((part) => rankingLoss(part, 3));
    expect(parts[0].loss + parts[1].loss).toBeCloseTo(whole.loss, 12);
    expect([...parts[0].gradient, ...parts[1].gradient]).toEqual([...whole.gradient]);
  });
});

describe('regressionLoss', () => {
  test('is the mean squared error', () => {
    expect(regressionLoss([1, 3], [0, 5], 2).loss).toBe(2.5);
  });

  test('has the gradient of finite differences', () => expectGradient((scores) => regressionLoss(scores, targets, 6)));
});

test('a tie is no right order', () => {
  const { accuracy, margin } = rankingMetrics(scores);
  expect(accuracy).toBeCloseTo(1 / 3, 12);
  expect(margin).toBeCloseTo((1.5 + 0 - 2.6) / 3, 12);
});

test('the range of the scores', () => {
  const { min_reward, mean_reward, max_reward } = scoreRange(scores);
  expect([min_reward, max_reward]).toEqual([-1.2, 2.5]);
  expect(mean_reward).toBeCloseTo(5.3 / 6, 12);
});
