import type * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { linear } from './linear.ts';
import {
  evaluate,
  expectAgreement,
  expectClose,
  expectSlopes,
  input,
  describeNative,
  type Operation,
} from './testing.ts';

const op: Operation = (x, weight, bias) => [
  linear(x as tf.Tensor2D, weight as tf.Tensor2D, bias as tf.Tensor1D | undefined),
];

test('is x · weightᵀ + bias', async () => {
  const [x, weight, bias] = [input([3, 4], 1), input([2, 4], 2), input([2], 3)];
  const { outputs } = await evaluate('cpu', op, [x, weight, bias]);
  const expected = Array.from({ length: 6 }, (_, i) => {
    const [n, o] = [Math.floor(i / 2), i % 2];
    let sum = bias.values[o] as number;
    for (let j = 0; j < 4; j++) sum += (x.values[4 * n + j] as number) * (weight.values[4 * o + j] as number);
    return sum;
  });
  expectClose(outputs[0] as Float32Array, expected, 1e-6);
});

test('has the gradient its values show', () => expectSlopes(op, [input([3, 4], 1), input([2, 4], 2), input([2], 3)]));

describeNative('on the native backend', () => {
  test('agrees with the JavaScript one, with a bias and without', async () => {
    await expectAgreement(op, op, [input([7, 65], 1), input([33, 65], 2), input([33], 3)]);
    await expectAgreement(op, op, [input([1, 20], 1), input([263, 20], 2)]);
  });
});
