import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { splitColumns, splitColumnsReference } from './split-columns.ts';
import { evaluate, expectAgreement, expectSlopes, input, describeNative, type Operation } from './testing.ts';

const bind =
  (f: typeof splitColumns, widths: number[]): Operation =>
  (x) =>
    f(x as tf.Tensor2D, widths);

test('the reference cuts columns in order', async () => {
  const x = { shape: [2, 4], values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  const { outputs } = await evaluate('cpu', bind(splitColumnsReference, [1, 3]), [x]);
  expect(outputs.map((values) => [...values])).toEqual([
    [1, 5],
    [2, 3, 4, 6, 7, 8],
  ]);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(bind(splitColumnsReference, [2, 3]), [input([3, 5], 1)]));

describeNative('the native kernel', () => {
  test.each([
    [1, [2, 1]],
    [3, [1, 2]],
    [900, [64, 16, 16]],
  ])('agrees with the reference on %i rows cut into %j', (rows, widths) => {
    const width = widths.reduce((total, part) => total + part, 0);
    return expectAgreement(bind(splitColumns, widths), bind(splitColumnsReference, widths), [input([rows, width], 1)]);
  });
});
