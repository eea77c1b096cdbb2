import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import type { Policy } from '../model/policy.ts';
import { mixReference } from './reference.ts';

const of = (...values: number[]) => ({ weights: { w: tf.variable(tf.tensor1d(values)) } }) as unknown as Policy;

describeOnEveryBackend('mixReference', () => {
  test('moves the reference by its share towards the policy', () => {
    const reference = of(1, -2);
    const policy = of(5, 2);
    mixReference(reference, policy, 0.25);
    expect([...reference.weights['w'].dataSync()]).toEqual([2, -1]);
    expect([...policy.weights['w'].dataSync()]).toEqual([5, 2]);
    mixReference(reference, policy, 1);
    expect([...reference.weights['w'].dataSync()]).toEqual([5, 2]);
    tf.dispose([reference.weights, policy.weights]);
  });
});
