import * as tf from '@tensorflow/tfjs-core';
import { describe, test } from 'vitest';
import './gradients.ts';
import { expectSlopes, input, type Input, type Operation } from './testing.ts';

/** Moves numbers of [-1, 1] into (low, high), away from kinks and poles. */
function between(low: number, high: number, x: Input): Input {
  return { ...x, values: x.values.map((value) => low + ((value + 1) / 2) * (high - low)) };
}

const x = input([3, 4], 1);
const positive = between(0.5, 2, input([3, 4], 2));
const row = between(2.5, 4, input([4], 3));
const column = input([3, 1], 4);

const operations: Record<string, [(...inputs: tf.Tensor[]) => tf.Tensor, Input[]]> = {
  'add with a broadcast row': [(a, b) => tf.add(a!, b!), [x, row]],
  'sub with a broadcast column': [(a, b) => tf.sub(a!, b!), [column, x]],
  'mul with a broadcast row': [(a, b) => tf.mul(a!, b!), [x, row]],
  'div by a broadcast row': [(a, b) => tf.div(a!, b!), [x, row]],
  'maximum of apart numbers': [(a, b) => tf.maximum(a!, b!), [x, row]],
  'minimum of apart numbers': [(a, b) => tf.minimum(a!, b!), [row, x]],
  'squared difference': [(a, b) => tf.squaredDifference(a!, b!), [x, row]],
  neg: [(a) => tf.neg(a!), [x]],
  log: [(a) => tf.log(a!), [positive]],
  log1p: [(a) => tf.log1p(a!), [positive]],
  square: [(a) => tf.square(a!), [x]],
  abs: [(a) => tf.abs(a!), [positive]],
  relu: [(a) => tf.relu(a!), [positive]],
  softplus: [(a) => tf.softplus(a!), [x]],
  'clip inside its bounds': [(a) => tf.clipByValue(a!, -2, 2), [x]],
  'clip outside its bounds': [(a) => tf.clipByValue(a!, -2, 0.1), [positive]],
  exp: [(a) => tf.exp(a!), [x]],
  expm1: [(a) => tf.expm1(a!), [x]],
  sigmoid: [(a) => tf.sigmoid(a!), [x]],
  tanh: [(a) => tf.tanh(a!), [x]],
  sqrt: [(a) => tf.sqrt(a!), [positive]],
  rsqrt: [(a) => tf.rsqrt(a!), [positive]],
  where: [(a, b) => tf.where(tf.greater(tf.tensor1d([1, 0, 1, 0]), 0.5), a!, b!), [input([4], 5), row]],
  'sum over an axis': [(a) => tf.sum(a!, 0), [x]],
  'mean over the last axis': [(a) => tf.mean(a!, -1, true), [x]],
  softmax: [(a) => tf.softmax(a!), [x]],
  logSoftmax: [(a) => tf.logSoftmax(a!), [x]],
  reshape: [(a) => tf.reshape(a!, [2, 6]), [x]],
  expandDims: [(a) => tf.expandDims(a!, 1), [x]],
  transpose: [(a) => tf.transpose(a!, [2, 0, 1]), [input([2, 3, 4], 6)]],
  slice: [(a) => tf.slice(a!, [1, 1], [2, 2]), [x]],
  concat: [(a, b) => tf.concat([a!, b!], 1), [x, column]],
  gather: [(a) => tf.gather(a!, tf.tensor1d([2, 0, 2], 'int32')), [x]],
};

test.each(Object.entries(operations))('the gradient of %s', (_name, [operation, inputs]) =>
  expectSlopes((...tensors) => [operation(...tensors)], inputs, 1e-2),
);

describe('the gradient of a matrix product', () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('with transposes %s and %s', (transposeA, transposeB) => {
    const product: Operation = (a, b) => [tf.matMul(a!, b!, transposeA, transposeB)];
    const left = input(transposeA ? [2, 4, 3] : [2, 3, 4], 1);
    const right = input(transposeB ? [2, 5, 4] : [2, 4, 5], 2);
    return expectSlopes(product, [left, right], 1e-2);
  });
});
