import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import './ops/gradients.ts';
import { memoryAudit } from './memory.ts';
import { activate, nativeBackend } from './native-backend.ts';
import type { NativeBackend } from './native-data.ts';

let backend: NativeBackend;

beforeAll(async () => {
  await activate();
  await tf.setBackend('native');
  backend = nativeBackend()!;
});

describe('the native backend gives memory back', () => {
  test('tensors and pool bytes stay constant over 100 training steps', () => {
    const weight = tf.variable(tf.fill([8, 5], 0.1) as tf.Tensor2D);
    const bias = tf.variable(tf.zeros([5]) as tf.Tensor1D);
    const x = tf.ones([12, 8]) as tf.Tensor2D;
    const step = (): void =>
      tf.tidy(() => {
        const loss = (): tf.Scalar => tf.sum(tf.square(tf.sigmoid(tf.add(tf.matMul(x, weight), bias))));
        const { grads } = tf.variableGrads(loss, [weight, bias]);
        for (const variable of [weight, bias]) {
          const gradient = grads[variable.name] as tf.Tensor;
          variable.assign(tf.sub(variable as tf.Tensor, tf.mul(gradient, 0.01)));
        }
      });
    step();
    step();
    const before = memoryAudit();
    for (let i = 0; i < 100; i++) step();
    expect(memoryAudit()).toEqual(before);
    expect(before.poolUsedBytes).toBeGreaterThan(0);
    tf.dispose([weight, bias, x]);
  });

  test('all memory is given back once all tensors are gone', () => {
    const before = memoryAudit();
    tf.tidy(() => {
      const parts = tf.split(tf.fill([6, 4], 1), 3);
      tf.concat([...parts, tf.reshape(tf.fill([8], 2), [2, 4])], 0);
      tf.complex(tf.fill([3], 1), tf.fill([3], 2));
    });
    expect(memoryAudit().tensors).toBe(before.tensors);
    expect(memoryAudit().poolUsedBytes).toBe(before.poolUsedBytes);
  });
});

describe('no tensor sees another one through reused memory', () => {
  test('values that were read do not change when the tensor is gone', () => {
    const tensor = tf.fill([100], 7);
    const values = tensor.dataSync();
    tensor.dispose();
    tf.fill([100], 8).dispose();
    expect(values[99]).toBe(7);
  });

  test('pieces that share memory with a larger tensor outlive it', () => {
    const whole = tf.fill([4, 25], 3);
    const parts = tf.unstack(whole);
    whole.dispose();
    const other = tf.fill([4, 25], 9);
    expect(parts[3]?.dataSync()[24]).toBe(3);
    tf.dispose([other, ...parts]);
  });

  test("a caller's own array is never taken into the pool", () => {
    const own = new Float32Array(64).fill(5);
    tf.tensor1d(own).dispose();
    const other = tf.fill([64], 6);
    expect(own[0]).toBe(5);
    other.dispose();
  });

  test("an update in place does not reach a caller's array or a slice", () => {
    const own = new Float32Array(64).fill(5);
    const fromOwn = tf.tensor1d(own);
    backend.writable(fromOwn).fill(1);
    expect(own[0]).toBe(5);
    expect(fromOwn.dataSync()[0]).toBe(1);
    const whole = tf.fill([2, 32], 2);
    const [first] = tf.unstack(whole) as [tf.Tensor];
    backend.writable(whole).fill(4);
    expect(first.dataSync()[0]).toBe(2);
    expect(whole.dataSync()[0]).toBe(4);
    const before = backend.values(whole);
    expect(backend.writable(whole)).toBe(before);
    tf.dispose([fromOwn, whole, first]);
  });
});
