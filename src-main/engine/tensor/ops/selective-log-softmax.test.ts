import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { selectiveLogSoftmax, selectiveLogSoftmaxReference } from './selective-log-softmax.ts';
import {
  evaluate,
  expectAgreement,
  expectClose,
  expectSlopes,
  input,
  describeNative,
  type Input,
  type Operation,
} from './testing.ts';

function bind(f: typeof selectiveLogSoftmax, targets: number[], temperature: number, recomputes = false): Operation {
  return (hidden, head) => {
    const ids = Int32Array.from(targets);
    const { logps, entropies } = f(hidden as tf.Tensor2D, head as tf.Tensor2D, ids, temperature, recomputes);
    return [logps, entropies];
  };
}

const targetsOf = (rows: number, vocabulary: number): number[] =>
  Array.from({ length: rows }, (_, i) => (i * 37 + vocabulary - 1) % vocabulary);

/** Hidden states and head whose logits spread over several units. */
function inputs(rows: number, width: number, vocabulary: number): [Input, Input] {
  const head = input([vocabulary, width], 2);
  return [input([rows, width], 1), { ...head, values: head.values.map((value) => (6 * value) / Math.sqrt(width)) }];
}

test('the reference is the log-probability of the target and the entropy of the row', async () => {
  const hidden = { shape: [1, 2], values: Float32Array.of(1, 2) };
  const head = { shape: [3, 2], values: Float32Array.of(0, 0, 1, 0, 0, 1) };
  const { outputs } = await evaluate('cpu', bind(selectiveLogSoftmaxReference, [2], 0.5), [hidden, head]);
  const logits = [0, 2, 4];
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const logProbs = logits.map((logit) => logit - Math.log(total));
  expectClose(outputs[0] as Float32Array, [logProbs[2] as number], 1e-6);
  expectClose(outputs[1] as Float32Array, [-logProbs.reduce((sum, logp) => sum + Math.exp(logp) * logp, 0)], 1e-6);
});

test('the reference has the gradient its values show', () =>
  expectSlopes(bind(selectiveLogSoftmaxReference, [0, 6, 3], 0.7), inputs(3, 4, 7), 1e-2));

describeNative('the native kernel', () => {
  test.each([
    { rows: 1, width: 5, vocabulary: 263, temperature: 1 },
    { rows: 1, width: 1, vocabulary: 2, temperature: 1 },
    { rows: 37, width: 20, vocabulary: 263, temperature: 0.7 },
    { rows: 5, width: 33, vocabulary: 9000, temperature: 1.3 },
    { rows: 260, width: 4, vocabulary: 4100, temperature: 1 },
  ])(
    'agrees with the reference on $rows rows, width $width, vocabulary $vocabulary',
    ({ rows, width, vocabulary, temperature }) => {
      const targets = targetsOf(rows, vocabulary);
      return expectAgreement(
        bind(selectiveLogSoftmax, targets, temperature),
        bind(selectiveLogSoftmaxReference, targets, temperature),
        inputs(rows, width, vocabulary),
      );
    },
  );

  test('gives a trained head the same gradient as a plain tensor', async () => {
    const [hidden, head] = inputs(11, 20, 263);
    const op = bind(selectiveLogSoftmax, targetsOf(11, 263), 1);
    const expected = await evaluate('native', (x, w) => op(x, w).slice(0, 1), [hidden, head]);
    const variable = tf.variable(tf.tensor2d(head.values, [263, 20]));
    const weights = tf.tensor1d(input([11], 100).values);
    const x = tf.tensor2d(hidden.values, [11, 20]);
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.mul(op(x, variable)[0] as tf.Tensor, weights)),
      [variable],
    );
    expect(Object.values(grads)[0]?.dataSync()).toEqual(expected.gradients[1]);
    tf.dispose([value, grads, variable, weights, x]);
  });

  test('gives the same bits where logits are computed again', async () => {
    const all = inputs(300, 20, 4100);
    const kept = await evaluate('native', bind(selectiveLogSoftmax, targetsOf(300, 4100), 0.7), all);
    expect(await evaluate('native', bind(selectiveLogSoftmax, targetsOf(300, 4100), 0.7, true), all)).toEqual(kept);
  });

  test('stays finite where logits are far apart', async () => {
    const hidden = { shape: [2, 1], values: Float32Array.of(1, -1) };
    const head = { shape: [3, 1], values: Float32Array.of(-300, 0, 300) };
    const { outputs, gradients } = await evaluate('native', bind(selectiveLogSoftmax, [0, 1], 1), [hidden, head]);
    expectClose(outputs[0] as Float32Array, [-600, -300], 1e-6);
    expectClose(outputs[1] as Float32Array, [0, 0], 1e-6);
    expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
  });

  test('gives a row the same bits in any batch', async () => {
    const [hidden, head] = inputs(300, 20, 4100);
    const targets = targetsOf(300, 4100);
    const all = await evaluate('native', bind(selectiveLogSoftmax, targets, 1), [hidden, head]);
    const row = { shape: [1, 20], values: hidden.values.slice(280 * 20, 281 * 20) };
    const one = await evaluate('native', bind(selectiveLogSoftmax, [targets[280] as number], 1), [row, head]);
    expect(one.outputs.map(([value]) => value)).toEqual(all.outputs.map((values) => values[280]));
  });
});
