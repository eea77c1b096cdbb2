import type * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { geGlu, geGluReference } from './geglu.ts';
import { evaluate, expectAgreement, expectClose, expectSlopes, input, describeNative } from './testing.ts';

const op = (gate: tf.Tensor, up: tf.Tensor) => [geGlu(gate as tf.Tensor2D, up as tf.Tensor2D)];
const reference = (gate: tf.Tensor, up: tf.Tensor) => [geGluReference(gate as tf.Tensor2D, up as tf.Tensor2D)];

test('the reference is gelu(gate) * up', async () => {
  const gate = { shape: [1, 3], values: Float32Array.of(0, 1, -2) };
  const up = { shape: [1, 3], values: Float32Array.of(5, 2, 3) };
  const { outputs } = await evaluate('cpu', reference, [gate, up]);
  // 0.8411920, -0.0454023: torch.nn.functional.gelu of 1 and -2 with approximate='tanh'.
  expectClose(outputs[0] as Float32Array, [0, 2 * 0.841192, 3 * -0.0454023], 1e-6);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(reference, [input([3, 5], 1), input([3, 5], 2)]));

describeNative('the native kernel', () => {
  test.each([
    [1, 1],
    [1, 33],
    [13, 37],
    [50, 700],
  ])('agrees with the reference on [%i, %i]', (tokens, width) =>
    expectAgreement(op, reference, [input([tokens, width], 1), input([tokens, width], 2)]),
  );

  test('keeps to the reference where the gate is far from zero', () => {
    const gate = input([2, 40], 1);
    gate.values.forEach((value, i) => (gate.values[i] = 60 * value));
    return expectAgreement(op, reference, [gate, input([2, 40], 2)]);
  });
});
