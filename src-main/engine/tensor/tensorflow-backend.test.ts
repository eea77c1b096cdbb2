/** Holds TensorFlow's kernels to those of plain JavaScript, on the tf operations and gradients the engine is made of. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { activate as activateCpu } from './cpu-backend.ts';
import { adamW } from './ops/adamw.ts';
import { attention } from './ops/attention.ts';
import { cachedAttention, createLayerCache } from './ops/cached-attention.ts';
import { embedding } from './ops/embedding.ts';
import { linear } from './ops/linear.ts';
import { rmsNorm } from './ops/rms-norm.ts';
import { rope } from './ops/rope.ts';
import { segmentPositions, segmentsOfGroups } from './ops/segments.ts';
import { selectiveLogSoftmax } from './ops/selective-log-softmax.ts';
import { swiGlu } from './ops/swiglu.ts';
import { activate, probe } from './tensorflow-backend.ts';

const { available, device, why } = await probe();

const segments = segmentsOfGroups([
  { promptLength: 3, completionLengths: [2, 4] },
  { promptLength: 1, completionLengths: [3] },
]);
const N = segments.tokens;
const options = { headDim: 4, scale: 0.5 };

/** The same numbers on every backend; a seed of 0 would mean none. */
function random(shape: number[], seed: number): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, 'float32', seed);
}

/** The value of `f` at random inputs of `shapes`, and the gradients of a random weighting of it. */
function withGradients(shapes: number[][], f: (...inputs: tf.Tensor2D[]) => tf.Tensor): () => tf.Tensor[] {
  return () => {
    const inputs = shapes.map((shape, index) => random(shape, index + 1));
    const value = f(...(inputs as tf.Tensor2D[]));
    const gradients = tf.grads((...xs: tf.Tensor[]) =>
      tf.sum(tf.mul(f(...(xs as tf.Tensor2D[])), random(value.shape, 99))),
    );
    return [value, ...gradients(inputs)];
  };
}

function ropeTable(): { cos: tf.Tensor2D; sin: tf.Tensor2D } {
  const angles = tf.mul(tf.reshape(tf.range(0, 16), [16, 1]), tf.tensor2d([[1, 0.1]])) as tf.Tensor2D;
  return { cos: tf.cos(angles), sin: tf.sin(angles) };
}

/** Two decoding steps of three completions, of which one has left in the second. */
function decode(): tf.Tensor[] {
  const cache = createLayerCache(random([5, 8], 1) as tf.Tensor2D, random([5, 8], 2) as tf.Tensor2D, {
    slots: 3,
    capacity: 4,
  });
  const step = (slots: number[], ownLength: number): tf.Tensor => {
    const [q, k, v] = [16, 8, 8].map((width, index) => random([slots.length, width], 10 * (ownLength + 1) + index));
    const rows = {
      slots: Int32Array.from(slots),
      sources: Int32Array.from(slots),
      promptStarts: Int32Array.from(slots, (slot) => (slot === 2 ? 2 : 0)),
      promptLengths: Int32Array.from(slots, (slot) => (slot === 2 ? 3 : 2)),
      ownLength,
    };
    return cachedAttention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, cache, rows, options);
  };
  const outputs = [step([0, 1, 2], 0), step([0, 2], 1)];
  cache.dispose();
  return outputs;
}

function optimize(): tf.Tensor[] {
  const parameter = tf.variable(random([3, 5], 1));
  const state = { m: tf.variable(tf.zeros([3, 5])), v: tf.variable(tf.zeros([3, 5])) };
  const constants = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.5 };
  for (const step of [1, 2]) adamW(parameter, state, random([3, 5], 10 + step), { ...constants, step });
  const values = [parameter, state.m, state.v].map((variable) => tf.clone(variable));
  tf.dispose([parameter, state.m, state.v]);
  return values;
}

const targets = Int32Array.of(6, 0, 2);

const cases: Record<string, () => tf.Tensor[]> = {
  'matrix product': withGradients(
    [
      [3, 5],
      [5, 7],
    ],
    (a, b) => tf.matMul(a, b),
  ),
  'batched matrix product, transposed': withGradients(
    [
      [2, 3, 5],
      [2, 7, 5],
    ],
    (a, b) => tf.matMul(a, b, false, true),
  ),
  rmsNorm: withGradients([[5, 7], [7]], (x, weight) => rmsNorm(x, weight as unknown as tf.Tensor1D, 1e-5)),
  rope: withGradients([[N, 12]], (x) => rope(x, segmentPositions(segments), ropeTable(), 6)),
  attention: withGradients(
    [
      [N, 16],
      [N, 8],
      [N, 8],
    ],
    (q, k, v) => attention(q, k, v, segments, options),
  ),
  cachedAttention: decode,
  swiGlu: withGradients(
    [
      [5, 7],
      [5, 7],
    ],
    swiGlu,
  ),
  linear: withGradients([[5, 7], [3, 7], [3]], (x, weight, bias) => linear(x, weight, bias as unknown as tf.Tensor1D)),
  embedding: withGradients([[7, 5]], (weight) => embedding(weight, Int32Array.of(3, 0, 3, 6))),
  'log-probabilities of selectiveLogSoftmax': withGradients(
    [
      [3, 5],
      [7, 5],
    ],
    (hidden, head) => selectiveLogSoftmax(hidden, head, targets, 0.7).logps,
  ),
  'entropies of selectiveLogSoftmax': withGradients(
    [
      [3, 5],
      [7, 5],
    ],
    (hidden, head) => selectiveLogSoftmax(hidden, head, targets, 0.7).entropies,
  ),
  adamW: optimize,
};

async function valuesOn(backend: string, compute: () => tf.Tensor[]): Promise<{ shape: number[]; values: number[] }[]> {
  await tf.setBackend(backend);
  return tf.tidy(() => compute().map((tensor) => ({ shape: tensor.shape, values: Array.from(tensor.dataSync()) })));
}

describe.skipIf(!available)(`the backend tensorflow (${device ?? why})`, () => {
  beforeAll(async () => {
    await activateCpu();
    await activate();
  });

  test.each(Object.entries(cases))('%s agrees with plain JavaScript', async (_name, compute) => {
    const expected = await valuesOn('cpu', compute);
    const actual = await valuesOn('tensorflow', compute);
    expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    for (const [index, { values }] of expected.entries()) {
      const size = Math.max(...values.map(Math.abs));
      for (const [place, value] of values.entries()) {
        expect(
          Math.abs((actual[index]?.values[place] as number) - value),
          `output ${index}, element ${place}`,
        ).toBeLessThan(1e-5 * (1 + size));
      }
    }
  });

  test.each(Object.entries(cases))('%s leaves no tensor behind', async (_name, compute) => {
    await valuesOn('tensorflow', compute);
    const { numTensors, numDataBuffers } = tf.memory();
    await valuesOn('tensorflow', compute);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  test('what tfjs-node takes from Node and Node removed is there', async () => {
    await tf.setBackend('tensorflow');
    const { values, indices } = tf.topk(tf.tensor1d([1, 5, 3]), 2);
    expect(Array.from(values.dataSync())).toEqual([5, 3]);
    expect(Array.from(indices.dataSync())).toEqual([1, 2]);
  });
});
