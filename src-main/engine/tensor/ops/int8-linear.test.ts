import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { describeOnEveryBackend } from '../../fixtures/backends.ts';
import { int8Linear, int8LinearReference, quantizeRows, type Int8Weight } from './int8-linear.ts';
import { evaluate, expectAgreement, expectClose, expectSlopes, input, describeNative } from './testing.ts';

type Op = (x: tf.Tensor2D, weight: Int8Weight) => tf.Tensor2D;

/** The layer with a weight of fixed numbers, made on the backend that runs. */
const layer = (op: Op, outputs: number, width: number) => (x: tf.Tensor) => [
  op(x as tf.Tensor2D, quantizeRows(input([outputs, width], 2).values, outputs, width)),
];

describeOnEveryBackend('an int8 weight', () => {
  test('is within half a step of the one it was made from, row by row', () => {
    const before = tf.memory().numTensors;
    const [outputs, width] = [5, 7];
    const values = input([outputs, width], 3).values.map((value, i) => value * 10 ** (Math.floor(i / width) - 2));
    values.fill(0, width, 2 * width);
    values[0] = -1;
    const held = tf.tidy(() => {
      const weight = quantizeRows(values, outputs, width);
      expect(weight.packed.shape).toEqual([5, 2]);
      const identity = tf.eye(width);
      return tf.transpose(int8Linear(identity, weight)).dataSync() as Float32Array;
    });
    for (let row = 0; row < outputs; row++) {
      const of = (array: Float32Array) => array.slice(row * width, (row + 1) * width);
      const largest = Math.max(...of(values).map(Math.abs));
      const off = of(values).map((value, i) => Math.abs(value - of(held)[i]));
      expect(Math.max(...off), `row ${row}`).toBeLessThanOrEqual((0.5001 * largest) / 127);
      expect(Math.max(...of(held).map(Math.abs)), `row ${row}`).toBeCloseTo(largest, 6);
    }
    expect([...held.slice(width, 2 * width)].every((value) => value === 0)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('has no place for what is not finite', () => {
    expect(() => quantizeRows(Float32Array.of(1, NaN), 1, 2)).toThrow('row 0 holds a number that is not finite');
    expect(() => quantizeRows(Float32Array.of(1, 2, 3, Infinity), 2, 2)).toThrow('row 1');
  });
});

test('the reference is the product with integers times their scale', async () => {
  const weight = () => quantizeRows(Float32Array.of(127, -3, 0.6, 0, 0, 254), 2, 3);
  const x = { shape: [1, 3], values: Float32Array.of(1, 10, 100) };
  const op = (x: tf.Tensor) => [int8LinearReference(x as tf.Tensor2D, weight())];
  const { outputs, gradients } = await evaluate('cpu', op, [x]);
  expectClose(outputs[0], [127 - 30 + 100, 25400], 1e-6);
  const [first, second] = input([1, 2], 100).values;
  expectClose(gradients[0], [127 * first, -3 * first, first + 254 * second], 1e-5);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(layer(int8LinearReference, 6, 5), [input([3, 5], 1)]));

describeNative('the native kernel', () => {
  test.each([
    [1, 1, 1],
    [3, 5, 2],
    [8, 33, 71],
    [1, 130, 700],
    [70, 577, 300],
    [5, 40, 6700],
  ])('agrees with the reference on %i tokens, %i → %i', (tokens, width, outputs) =>
    expectAgreement(layer(int8Linear, outputs, width), layer(int8LinearReference, outputs, width), [
      input([tokens, width], 1),
    ]),
  );
});
