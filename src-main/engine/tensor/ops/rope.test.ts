import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { rope, ropeReference, type RopeTable } from './rope.ts';
import {
  evaluate,
  expectAgreement,
  expectClose,
  expectSlopes,
  input,
  describeNative,
  type Operation,
} from './testing.ts';

const angles = (places: number, half: number): number[] =>
  Array.from({ length: places * half }, (_, i) => Math.floor(i / half) * 10000 ** (-(i % half) / half));

function bind(f: typeof rope, positions: number[], headDim: number, half: number): Operation {
  return (x) => {
    const places = Math.max(...positions) + 1;
    const table: RopeTable = {
      cos: tf.tensor2d(angles(places, half).map(Math.cos), [places, half]),
      sin: tf.tensor2d(angles(places, half).map(Math.sin), [places, half]),
    };
    return [f(x as tf.Tensor2D, Int32Array.from(positions), table, headDim)];
  };
}

test('the reference turns each pair of a head by its angle and passes the rest', async () => {
  const x = input([2, 10], 1); // two heads of 5, of which 4 turn
  const { outputs } = await evaluate('cpu', bind(ropeReference, [0, 3], 5, 2), [x]);
  const expected = x.values.slice();
  for (const head of [10, 15]) {
    for (const i of [0, 1]) {
      const angle = 3 * 100 ** -i;
      const [a, b] = [x.values[head + i] as number, x.values[head + 2 + i] as number];
      expected[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
      expected[head + 2 + i] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  expectClose(outputs[0] as Float32Array, expected, 1e-6);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(bind(ropeReference, [1, 4, 2], 6, 2), [input([3, 12], 1)]));

test('a pair of tokens scores by its distance alone', async () => {
  const same = input([1, 8], 1).values;
  const x = { shape: [4, 8], values: Float32Array.from([...same, ...same, ...same, ...same]) };
  const { outputs } = await evaluate('cpu', bind(rope, [0, 5, 7, 12], 8, 4), [x]);
  const row = (i: number): number[] => [...(outputs[0] as Float32Array).slice(8 * i, 8 * i + 8)];
  const score = (a: number, b: number): number =>
    row(a).reduce((sum, value, i) => sum + value * (row(b)[i] as number), 0);
  expect(score(0, 1)).toBeCloseTo(score(2, 3), 5);
});

describeNative('the native kernel', () => {
  test.each([
    { positions: [0], heads: 1, headDim: 5, half: 2 },
    { positions: [3, 0, 7], heads: 9, headDim: 20, half: 10 },
    { positions: [5, 5, 6, 100], heads: 3, headDim: 64, half: 32 },
    { positions: [5, 1], heads: 2, headDim: 80, half: 10 },
  ])('agrees with the reference on $heads heads of $headDim', ({ positions, heads, headDim, half }) =>
    expectAgreement(bind(rope, positions, headDim, half), bind(ropeReference, positions, headDim, half), [
      input([positions.length, heads * headDim], 1),
    ]),
  );

  test('refuses a position outside the table', async () => {
    await tf.setBackend('native');
    tf.tidy(() => {
      const table = { cos: tf.zeros([4, 2]) as tf.Tensor2D, sin: tf.zeros([4, 2]) as tf.Tensor2D };
      expect(() => rope(tf.zeros([1, 4]), Int32Array.of(4), table, 4)).toThrow(RangeError);
    });
  });
});
