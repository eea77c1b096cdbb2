import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { describeOnEveryBackend } from '../../fixtures/backends.ts';
import { globalNorm, globalNormReference } from './global-norm.ts';

describeOnEveryBackend('the norm over many tensors', () => {
  test('is that of all their elements', () => {
    const tensors = [tf.tensor2d([[3, 0]]), tf.tensor1d([-4]), tf.scalar(12)];
    expect(globalNorm(tensors)).toBeCloseTo(13, 5);
    expect(globalNormReference(tensors)).toBeCloseTo(13, 5);
    tf.dispose(tensors);
  });

  test('is not finite where an element is not', () => {
    const tensors = [tf.tensor1d([1, NaN]), tf.tensor1d([Infinity])];
    expect(globalNorm(tensors)).toBeNaN();
    expect(globalNorm(tensors.slice(1))).toBe(Infinity);
    tf.dispose(tensors);
  });
});
