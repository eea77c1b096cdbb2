import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as cpu from './cpu-backend.ts';
import * as native from './native-backend.ts';

beforeAll(async () => {
  await native.activate();
  await cpu.activate();
});

/** Numbers between -1 and 1 that are the same in every run. */
function numbers(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 1073741824 - 1;
  });
}

function tensor(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(numbers(tf.util.sizeFromShape(shape), seed), shape, 'float32');
}

async function run(backend: string, f: () => tf.Tensor): Promise<{ shape: number[]; values: Float32Array }> {
  await tf.setBackend(backend);
  const result = tf.tidy(f);
  const out = { shape: result.shape, values: result.dataSync() as Float32Array };
  result.dispose();
  return out;
}

/** Runs `f` on the JavaScript backend and on the native one and compares. */
async function agree(f: () => tf.Tensor, tolerance = 2e-6): Promise<void> {
  const expected = await run('cpu', f);
  const actual = await run('native', f);
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.values.length).toBe(expected.values.length);
  actual.values.forEach((value, i) => {
    const wanted = expected.values[i] as number;
    if (Object.is(value, wanted)) return;
    if (!(Math.abs(value - wanted) <= tolerance * (1 + Math.abs(wanted)))) {
      throw new Error(`element ${i} is ${value}, the JavaScript kernel says ${wanted}`);
    }
  });
}

describe('matMul', () => {
  const sizes = [1, 2, 5, 14, 15, 31, 33, 65];
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      test(`odd shapes, transposeA ${transposeA}, transposeB ${transposeB}`, async () => {
        for (const m of sizes) {
          for (const n of sizes) {
            for (const k of [1, 7, 16, 50]) {
              await agree(() => {
                const a = tensor(transposeA ? [k, m] : [m, k], 3);
                const b = tensor(transposeB ? [n, k] : [k, n], 4);
                return tf.matMul(a, b, transposeA, transposeB);
              }, 1e-5);
            }
          }
        }
      });

      test(`several blocks of the inner axis, transposeA ${transposeA}, transposeB ${transposeB}`, async () => {
        await agree(() => {
          const a = tensor(transposeA ? [1700, 37] : [37, 1700], 3);
          const b = tensor(transposeB ? [45, 1700] : [1700, 45], 4);
          return tf.matMul(a, b, transposeA, transposeB);
        }, 5e-5);
      });
    }
  }

  test('batches, a batch of one on either side, an empty inner axis', async () => {
    await agree(() => tf.matMul(tensor([3, 2, 5, 4]), tensor([3, 2, 4, 6], 2)));
    await agree(() => tf.matMul(tensor([7, 5, 4]), tensor([1, 6, 4], 2), false, true));
    await agree(() => tf.matMul(tensor([1, 5, 4]), tensor([7, 4, 6], 2)));
    await agree(() => tf.matMul(tensor([20, 3, 4]), tensor([20, 4, 3], 2)));
    await agree(() => tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 4])));
  });

  test('a row has the same bits whatever batch it is computed in', async () => {
    await tf.setBackend('native');
    const [x, weight] = [tensor([100, 600], 5), tensor([70, 600], 6)];
    const all = tf.matMul(x, weight, false, true).arraySync() as number[][];
    for (const [from, count] of [
      [0, 1],
      [13, 1],
      [99, 1],
      [3, 14],
      [40, 37],
    ] as const) {
      const some = tf.matMul(tf.slice(x, [from, 0], [count, 600]), weight, false, true).arraySync();
      expect(some).toEqual(all.slice(from, from + count));
    }
  });
});

describe('elementwise', () => {
  const shapes: [number[], number[]][] = [
    [[], []],
    [[67], [67]],
    [
      [3, 5, 7],
      [3, 5, 7],
    ],
    [[3, 5], []],
    [[], [3, 5]],
    [[6, 33], [33]],
    [[33], [6, 33]],
    [
      [6, 33],
      [6, 1],
    ],
    [
      [6, 1],
      [6, 33],
    ],
    [
      [6, 1],
      [1, 33],
    ],
    [
      [2, 3, 4],
      [2, 1, 1],
    ],
    [
      [2, 3, 4],
      [3, 1],
    ],
    [
      [2, 1, 4],
      [2, 3, 1],
    ],
    [
      [300, 200],
      [300, 200],
    ],
    [[0, 4], [4]],
  ];
  const ops = { add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div };
  for (const [name, op] of Object.entries(ops)) {
    test(name, async () => {
      for (const [a, b] of shapes) await agree(() => op(tensor(a, 1), tensor(b, 2)));
      await agree(() => op(tf.tensor1d([1, 2, 3], 'int32'), tf.tensor1d([4, 5, 6], 'int32')));
      await agree(() => op(tf.tensor1d([1, 2, 3], 'int32'), tensor([3])));
    });
  }

  test('division by zero and infinities', async () => {
    await agree(() => tf.div(tf.tensor1d([1, -1, 0, Infinity]), tf.tensor1d([0, 0, 0, 2])));
  });

  const unary = { square: tf.square, exp: tf.exp, neg: tf.neg, sigmoid: tf.sigmoid };
  for (const [name, op] of Object.entries(unary)) {
    test(name, async () => {
      for (const size of [1, 15, 16, 17, 50_001]) await agree(() => op(tf.mul(tensor([size]), 20) as tf.Tensor));
      await agree(() => op(tf.tensor1d([NaN, 0, -87.5, -100, -200, 200, Infinity, -Infinity])));
    });
  }

  test('sqrt and rsqrt', async () => {
    for (const size of [1, 17, 50_001]) {
      await agree(() => tf.sqrt(tf.abs(tensor([size]))));
      await agree(() => tf.rsqrt(tf.abs(tensor([size]))));
    }
  });

  test('addN', async () => {
    await agree(() => tf.addN([tensor([5, 9], 1), tensor([5, 9], 2), tensor([5, 9], 3)]));
  });
});

describe('reductions and layout', () => {
  test('sum over last, first, all and middle axes', async () => {
    for (const keepDims of [false, true]) {
      for (const axis of [undefined, 0, 1, 2, -1, [0, 1], [1, 2], [0, 2], [2, 0]]) {
        await agree(() => tf.sum(tensor([5, 37, 70]), axis, keepDims), 2e-5);
      }
    }
    await agree(() => tf.sum(tensor([100_003])), 2e-4);
    await agree(() => tf.sum(tf.tensor([true, false, true])));
    await agree(() => tf.sum(tf.zeros([0, 3]), 0));
  });

  test('transpose', async () => {
    for (const shape of [
      [1, 5],
      [17, 33],
      [130, 70],
      [64, 64],
    ])
      await agree(() => tf.transpose(tensor(shape)));
    await agree(() => tf.transpose(tensor([3, 4, 5]), [0, 2, 1]));
    await agree(() => tf.transpose(tensor([3, 4]), [0, 1]));
  });

  test('gather, concat, slice, fill', async () => {
    await agree(() => tf.gather(tensor([9, 5]), tf.tensor1d([8, 0, 0, 3], 'int32')));
    await agree(() =>
      tf.gather(
        tensor([9, 5]),
        tf.tensor2d(
          [
            [8, 0],
            [1, 3],
          ],
          [2, 2],
          'int32',
        ),
      ),
    );
    await agree(() => tf.gather(tensor([9, 5]), tf.tensor1d([4, 0], 'int32'), 1));
    await agree(() => tf.concat([tensor([2, 3]), tensor([0, 3]), tensor([4, 3], 2)], 0));
    await agree(() => tf.concat([tensor([2, 3]), tensor([2, 4], 2)], 1));
    await agree(() => tf.slice(tensor([6, 4]), [2, 0], [3, 4]));
    await agree(() => tf.slice(tensor([6, 4]), [2, 1], [3, 2]));
    await agree(() => tf.fill([3, 4], 2.5));
    await agree(() => tf.zerosLike(tensor([3, 4])));
    await agree(() => tf.add(tf.cast(tf.tensor1d([1, 2], 'int32'), 'float32'), tensor([2])));
  });

  test('a row outside the table is an error', async () => {
    await tf.setBackend('native');
    expect(() => tf.gather(tensor([9, 5]), tf.tensor1d([9], 'int32'))).toThrow(/outside the table/);
  });
});
