import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { adamW, adamWReference, type AdamWOptions } from './adamw.ts';
import { expectClose, input, describeNative } from './testing.ts';

const options: Omit<AdamWOptions, 'step'> = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradientScale: 0.5,
};

/** A parameter of `size` numbers after three updates. */
async function train(
  backend: 'cpu' | 'native',
  f: typeof adamW,
  size: number,
): Promise<{ parameter: Float32Array; m: Float32Array; v: Float32Array }> {
  await tf.setBackend(backend);
  const parameter = tf.variable(tf.tensor1d(input([size], 1).values));
  const state = { m: tf.variable(tf.zeros([size])), v: tf.variable(tf.zeros([size])) };
  const before = tf.memory().numTensors;
  for (let step = 1; step <= 3; step++) {
    const gradient = tf.tensor1d(input([size], 10 + step).values);
    f(parameter, state, gradient, { ...options, step });
    gradient.dispose();
  }
  expect(tf.memory().numTensors).toBe(before);
  const read = (variable: tf.Variable): Float32Array => variable.dataSync() as Float32Array;
  const result = { parameter: read(parameter), m: read(state.m), v: read(state.v) };
  tf.dispose([parameter, state.m, state.v]);
  return result;
}

test('the reference follows torch.optim.AdamW', async () => {
  const { parameter } = await train('cpu', adamWReference, 5);
  // The update of torch.optim.AdamW written out in double precision.
  const expected = Array.from(input([5], 1).values, (start, i) => {
    let [p, m, v] = [start, 0, 0];
    for (let step = 1; step <= 3; step++) {
      const g = (input([5], 10 + step).values[i] as number) * options.gradientScale;
      p *= 1 - options.learningRate * options.weightDecay;
      m = options.beta1 * m + (1 - options.beta1) * g;
      v = options.beta2 * v + (1 - options.beta2) * g * g;
      const denominator = Math.sqrt(v) / Math.sqrt(1 - options.beta2 ** step) + options.epsilon;
      p -= ((options.learningRate / (1 - options.beta1 ** step)) * m) / denominator;
    }
    return p;
  });
  expectClose(parameter, expected, 1e-6);
});

describeNative('the native kernel', () => {
  test.each([1, 17, 40000])('agrees with the reference on %i numbers', async (size) => {
    const actual = await train('native', adamW, size);
    const expected = await train('cpu', adamWReference, size);
    for (const key of ['parameter', 'm', 'v'] as const) expectClose(actual[key], expected[key], 1e-6, key);
  });

  test('leaves the arrays that the tensors were made from alone', async () => {
    await tf.setBackend('native');
    const values = Float32Array.of(1, 2, 3);
    const parameter = tf.variable(tf.tensor1d(values));
    const state = { m: tf.variable(tf.zeros([3])), v: tf.variable(tf.zeros([3])) };
    const gradient = tf.tensor1d([1, 1, 1]);
    adamW(parameter, state, gradient, { ...options, step: 1 });
    expect([...values]).toEqual([1, 2, 3]);
    expect([...parameter.dataSync()]).not.toEqual([1, 2, 3]);
    tf.dispose([parameter, state.m, state.v, gradient]);
  });
});
