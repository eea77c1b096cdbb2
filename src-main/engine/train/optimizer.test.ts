import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../../e2e/fixtures/golden.ts';
import { optimizer } from '../../../e2e/golden/suites/optimizer.ts';
import { testGolden } from '../../../e2e/golden/test-suite.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import type { TrainablePolicy } from '../model/policy.ts';
import { Optimizer } from './optimizer.ts';

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };

/** A policy of one weight. */
function oneWeight(): TrainablePolicy {
  const weight = tf.tidy(() => tf.variable(tf.tensor2d([[1, -2, 3]])));
  return { parameters: { weight }, dispose: () => weight.dispose() } as unknown as TrainablePolicy;
}

describeOnEveryBackend('Optimizer', () => {
  describe('equals torch and transformers', () => testGolden(optimizer));

  test('decays matrices and nothing else', () => {
    const values = { matrix: tf.tensor2d([[1, -2, 4]]), norm: tf.tensor1d([1, -2, 4]) };
    const parameters = { matrix: tf.variable(values.matrix), norm: tf.variable(values.norm) };
    const gradients = { matrix: tf.zerosLike(values.matrix), norm: tf.zerosLike(values.norm) };
    const optimizer = new Optimizer({ parameters }, settings);
    optimizer.apply(gradients, 0.5);
    const shrunk = Float32Array.from([1, -2, 4], (value) => value * (1 - 0.5 * settings.weightDecay));
    expect(largestDifference(parameters.matrix.dataSync(), shrunk)).toBeLessThan(1e-6);
    expect([...parameters.norm.dataSync()]).toEqual([1, -2, 4]);
    tf.dispose([values, parameters, gradients]);
    optimizer.dispose();
  });

  test('refuses a gradient that is not finite and leaves the weights alone', () => {
    const policy = oneWeight();
    const optimizer = new Optimizer(policy, settings);
    const gradients = { weight: tf.tensor2d([[NaN, 0, 0]]) };
    const before = policy.parameters.weight.dataSync();
    expect(() => optimizer.apply(gradients, 1e-2)).toThrow(/no longer a finite number/);
    expect(policy.parameters.weight.dataSync()).toEqual(before);
    tf.dispose(gradients);
    optimizer.dispose();
    policy.dispose();
  });

  test('refuses a saved state that lacks a moment or has one of another shape', () => {
    const policy = oneWeight();
    const optimizer = new Optimizer(policy, settings);
    const moment = { shape: [1, 3], values: new Float32Array(3) };
    const refused = (v: typeof moment | undefined) => () =>
      optimizer.restore(new Map(v && [['weight.v', v]]).set('weight.m', moment), 1, '/run/optimizer.safetensors');
    const error = { code: 'checkpoint_invalid', where: { path: '/run/optimizer.safetensors', field: 'weight.v' } };
    expect(refused(undefined)).toThrow(expect.objectContaining(error));
    expect(refused({ shape: [2, 3], values: new Float32Array(6) })).toThrow(expect.objectContaining(error));
    expect(refused(moment)).not.toThrow();
    optimizer.dispose();
    policy.dispose();
  });
});
