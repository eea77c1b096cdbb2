import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { embedding, embeddingReference } from './embedding.ts';
import {
  evaluate,
  expectAgreement,
  expectSlopes,
  input,
  describeNative,
  nativeAvailable,
  type Operation,
} from './testing.ts';

const bind =
  (f: typeof embedding, ids: number[]): Operation =>
  (weight) => [f(weight as tf.Tensor2D, Int32Array.from(ids))];

test('the reference takes rows', async () => {
  const weight = input([4, 3], 1);
  const { outputs } = await evaluate('cpu', bind(embeddingReference, [2, 0, 2]), [weight]);
  const row = (id: number): number[] => [...weight.values.slice(3 * id, 3 * id + 3)];
  expect([...(outputs[0] as Float32Array)]).toEqual([...row(2), ...row(0), ...row(2)]);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(bind(embeddingReference, [2, 0, 2]), [input([4, 3], 1)]));

test.each(nativeAvailable ? ['cpu', 'native'] : ['cpu'])(
  'the row of the padding takes no gradient on %s',
  async (backend) => {
    await tf.setBackend(backend);
    tf.tidy(() => {
      const weight = tf.variable(tf.ones<tf.Rank.R2>([3, 2])) as tf.Variable<tf.Rank.R2>;
      const { value, grads } = tf.variableGrads(() => tf.sum(embedding(weight, Int32Array.of(2, 1, 2, 0), 2)));
      expect(value.dataSync()[0]).toBe(8);
      expect([...Object.values(grads)[0].dataSync()]).toEqual([1, 1, 1, 1, 0, 0]);
    });
  },
);

describeNative('the native kernel', () => {
  test.each([
    { vocabulary: 1, width: 1, ids: [0] },
    { vocabulary: 263, width: 70, ids: [5, 262, 0, 5, 5, 17] },
    { vocabulary: 7, width: 200, ids: Array.from({ length: 300 }, (_, i) => (i * i) % 7) },
  ])('agrees with the reference on $vocabulary rows of $width', ({ vocabulary, width, ids }) =>
    expectAgreement(bind(embedding, ids), bind(embeddingReference, ids), [input([vocabulary, width], 1)]),
  );

  test('refuses an id outside the table', async () => {
    await tf.setBackend('native');
    tf.tidy(() => {
      expect(() => embedding(tf.zeros([3, 2]), Int32Array.of(3))).toThrow(RangeError);
    });
  });
});
