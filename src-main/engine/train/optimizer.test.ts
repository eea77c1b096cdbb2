import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { golden, largestDifference } from '../../../e2e/fixtures/golden.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import type { TrainablePolicy } from '../model/policy.ts';
import { Optimizer } from './optimizer.ts';

const reference = golden<{ param0: number[]; steps: { grad: number[]; grad_norm: number; param: number[] }[] }>(
  'optimizer',
);
const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };

/** A policy of one weight. It is a matrix, since weight decay leaves vectors alone. */
function oneWeight(): TrainablePolicy {
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(reference.param0, [1, reference.param0.length])));
  return { weights: { weight }, dispose: () => weight.dispose() } as unknown as TrainablePolicy;
}

describeOnEveryBackend('Optimizer', () => {
  test('equals torch: AdamW after clip_grad_norm_', () => {
    const policy = oneWeight();
    const optimizer = new Optimizer(policy, settings);
    for (const { grad, grad_norm, param } of reference.steps) {
      const gradients = { weight: tf.tensor2d(grad, [1, grad.length]) };
      expect(Math.abs(optimizer.apply(gradients, 1e-2) - grad_norm)).toBeLessThan(1e-5);
      expect(largestDifference(policy.weights.weight.dataSync(), param)).toBeLessThan(1e-5);
      tf.dispose(gradients);
    }
    optimizer.dispose();
    policy.dispose();
  });

  test('refuses a gradient that is not finite and leaves the weights alone', () => {
    const policy = oneWeight();
    const optimizer = new Optimizer(policy, settings);
    const gradients = { weight: tf.tensor2d([[NaN, 0, 0, 0, 0, 0, 0]]) };
    const before = policy.weights.weight.dataSync();
    expect(() => optimizer.apply(gradients, 1e-2)).toThrow(/no longer a finite number/);
    expect(policy.weights.weight.dataSync()).toEqual(before);
    tf.dispose(gradients);
    optimizer.dispose();
    policy.dispose();
  });
});
