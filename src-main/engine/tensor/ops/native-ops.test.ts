import { availableParallelism } from 'node:os';
import type * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test } from 'vitest';
import { loadAddon } from '../native-addon.ts';
import { attention } from './attention.ts';
import { embedding } from './embedding.ts';
import { geGlu } from './geglu.ts';
import { int8Linear, quantizeRows } from './int8-linear.ts';
import { rmsNorm } from './rms-norm.ts';
import { segmentsOfGroups } from './segments.ts';
import { selectiveLogSoftmax } from './selective-log-softmax.ts';
import { swiGlu } from './swiglu.ts';
import { evaluate, input, describeNative, type Input, type Operation } from './testing.ts';

const completionLengths = Array.from({ length: 19 }, (_, i) => 1 + ((7 * i) % 40));
const segments = segmentsOfGroups([
  { promptLength: 30, completionLengths },
  { promptLength: 9, completionLengths: [50] },
]);
const ids = Int32Array.from({ length: 300 }, (_, i) => (i * i) % 263);

const operations: Record<string, [Operation, Input[]]> = {
  rmsNorm: [(x, w) => [rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5)], [input([301, 131], 1), input([131], 2)]],
  swiGlu: [(a, b) => [swiGlu(a as tf.Tensor2D, b as tf.Tensor2D)], [input([301, 131], 1), input([301, 131], 2)]],
  geGlu: [(a, b) => [geGlu(a as tf.Tensor2D, b as tf.Tensor2D)], [input([301, 131], 1), input([301, 131], 2)]],
  embedding: [(w) => [embedding(w as tf.Tensor2D, ids)], [input([263, 300], 1)]],
  attention: [
    (q, k, v) => [
      attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, segments, { headDim: 20, scale: 0.2 }),
    ],
    [input([segments.tokens, 120], 1), input([segments.tokens, 40], 2), input([segments.tokens, 40], 3)],
  ],
  int8Linear: [
    (x) => [int8Linear(x as tf.Tensor2D, quantizeRows(input([700, 301], 2).values, 700, 301))],
    [input([70, 301], 1)],
  ],
  selectiveLogSoftmax: [
    (x, w) => Object.values(selectiveLogSoftmax(x as tf.Tensor2D, w as tf.Tensor2D, ids, 0.9)),
    [input([300, 60], 1), input([4300, 60], 2)],
  ],
};

describeNative('the native kernels', () => {
  afterEach(() => loadAddon().setThreads(availableParallelism()));

  test.each(Object.entries(operations))(
    '%s gives the same bits on any number of threads',
    async (_name, [operation, inputs]) => {
      loadAddon().setThreads(1);
      const alone = await evaluate('native', operation, inputs);
      for (const threads of [2, 5]) {
        loadAddon().setThreads(threads);
        expect(await evaluate('native', operation, inputs)).toEqual(alone);
      }
    },
  );
});
