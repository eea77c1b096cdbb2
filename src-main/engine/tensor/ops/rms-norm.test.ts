import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { rmsNorm, rmsNormReference } from './rms-norm.ts';
import { evaluate, expectAgreement, expectClose, expectSlopes, input, describeNative } from './testing.ts';

const epsilon = 1e-5;
const op = (x: tf.Tensor, weight: tf.Tensor) => [rmsNorm(x as tf.Tensor2D, weight as tf.Tensor1D, epsilon)];
const reference = (x: tf.Tensor, weight: tf.Tensor) => [
  rmsNormReference(x as tf.Tensor2D, weight as tf.Tensor1D, epsilon),
];

test('the reference divides each row by its root mean square', async () => {
  const x = { shape: [2, 2], values: Float32Array.of(3, 4, 0, 0) };
  const weight = { shape: [2], values: Float32Array.of(1, 2) };
  const { outputs } = await evaluate('cpu', reference, [x, weight]);
  expectClose(outputs[0] as Float32Array, [3 / Math.sqrt(12.5), 8 / Math.sqrt(12.5), 0, 0], 1e-6);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(reference, [input([4, 5], 1), input([5], 2)]));

describeNative('the native kernel', () => {
  test.each([
    [1, 1],
    [1, 64],
    [7, 5],
    [33, 131],
    [200, 192],
  ])('agrees with the reference on [%i, %i]', (tokens, width) =>
    expectAgreement(op, reference, [input([tokens, width], 1), input([width], 2)]),
  );

  test('gives a row the same bits in any batch', async () => {
    const x = input([9, 70], 1);
    const weight = input([70], 2);
    const all = await evaluate('native', op, [x, weight]);
    const one = await evaluate('native', op, [{ shape: [1, 70], values: x.values.slice(4 * 70, 5 * 70) }, weight]);
    expect(one.outputs[0]).toEqual(all.outputs[0]?.slice(4 * 70, 5 * 70));
  });
});
