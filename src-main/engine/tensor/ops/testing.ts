/** What the tests of the fused operations share: numbers, gradients on a chosen backend, and comparisons that name the culprit. */
import * as tf from '@tensorflow/tfjs-core';
import { describe } from 'vitest';
import { activate as activateCpu } from '../cpu-backend.ts';
import * as native from '../native-backend.ts';

const { available, why } = await native.probe();

/** Whether the C++ addon is built, so that its kernels can be tested. */
export const nativeAvailable = available;

/** Tests of the C++ kernels; without them skipped, with the reason. */
export function describeNative(title: string, tests: () => void): void {
  describe.skipIf(!available)(`${title}${available ? '' : ` (${why})`}`, tests);
}

await activateCpu();
if (nativeAvailable) await native.activate();

/** A float input of a test. */
export interface Input {
  shape: number[];
  values: Float32Array;
}

/** Numbers between -1 and 1 that are the same in every run. */
export function input(shape: number[], seed: number): Input {
  let state = seed * 7919 + 1;
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 1073741824 - 1;
  });
  return { shape, values };
}

/** An operation of tensors to tensors; everything else it takes is bound already. */
export type Operation = (...inputs: tf.Tensor[]) => tf.Tensor[];

/** Outputs of an operation, and the gradient of a fixed weighted sum of all outputs with respect to every input. */
export interface Outcome {
  outputs: Float32Array[];
  gradients: Float32Array[];
}

export async function evaluate(backend: 'cpu' | 'native', operation: Operation, inputs: Input[]): Promise<Outcome> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const outcome = tf.tidy(() => {
    const tensors = inputs.map(({ shape, values }) => tf.tensor(values.slice(), shape, 'float32'));
    const read = (list: tf.Tensor[]): Float32Array[] => list.map((tensor) => tensor.dataSync() as Float32Array);
    return {
      outputs: read(operation(...tensors)),
      gradients: read(tf.grads((...args: tf.Tensor[]) => weightedSum(operation(...args)))(tensors)),
    };
  });
  if (tf.memory().numTensors !== before)
    throw new Error(`The operation leaked ${tf.memory().numTensors - before} tensors.`);
  return outcome;
}

function weightedSum(outputs: tf.Tensor[]): tf.Scalar {
  const sums = outputs.map((output, index) => {
    const { shape, values } = input(output.shape, 100 + index);
    return tf.sum<tf.Scalar>(tf.mul(output, tf.tensor(values, shape, 'float32')));
  });
  return sums.reduce((total, sum) => tf.add(total, sum));
}

/** Runs the operation on the native backend and the reference on the JavaScript one: same outputs, same gradients. */
export async function expectAgreement(
  operation: Operation,
  reference: Operation,
  inputs: Input[],
  tolerance = 2e-5,
): Promise<void> {
  const actual = await evaluate('native', operation, inputs);
  const expected = await evaluate('cpu', reference, inputs);
  for (const [index, values] of expected.outputs.entries()) {
    expectClose(actual.outputs[index], values, tolerance, `output ${index}`);
  }
  for (const [index, values] of expected.gradients.entries()) {
    expectClose(actual.gradients[index], values, tolerance, `gradient of input ${index}`);
  }
}

/**
 * Compares an operation's gradient on the JavaScript backend with the slope that the operation's values show along one direction.
 * Works in float32, so it finds wrong formulas, not rounding.
 */
export async function expectSlopes(operation: Operation, inputs: Input[], tolerance = 5e-3): Promise<void> {
  const { gradients } = await evaluate('cpu', operation, inputs);
  const step = 1e-2;
  for (const [index, { shape, values }] of inputs.entries()) {
    const direction = input(shape, 300 + index).values;
    const valueAt = (distance: number): number =>
      tf.tidy(() => {
        const moved = inputs.map((other, at) => {
          const shifted = at === index ? values.map((x, i) => x + distance * direction[i]) : other.values;
          return tf.tensor(shifted, other.shape, 'float32');
        });
        return weightedSum(operation(...moved)).dataSync()[0];
      });
    const slope = (valueAt(step) - valueAt(-step)) / (2 * step);
    const expected = gradients[index].reduce((sum, g, i) => sum + g * direction[i], 0);
    expectClose([expected], [slope], tolerance, `slope along input ${index}`);
  }
}

/** Throws unless each pair differs by at most `tolerance`, relative to 1 plus the expected size. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = 'result',
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what} has ${actual.length} numbers, not ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const [got, wanted] = [actual[i], expected[i]];
    if (Math.abs(got - wanted) <= tolerance * (1 + Math.abs(wanted))) continue;
    throw new Error(`${what}: number ${i} is ${got}, expected ${wanted}`);
  }
}
