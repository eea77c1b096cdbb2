/** An adapter over 8-bit weights, on the golden model: what it computes is near the float model, and it trains. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { goldenFolder, largestDifference } from '../../../e2e/fixtures/golden.ts';
import { readSafetensors } from '../../checkpoint/safetensors.ts';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.ts';
import type { NamedArray } from '../../checkpoint/tensor-file.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { lossGradients } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import { packGroups } from './packed-batch.ts';
import { loadPolicy, parameterCount, withoutAdapter, type TrainablePolicy } from './policy.ts';
import { evaluateTokenLogps, tokenLogps } from './token-logps.ts';

const base = join(goldenFolder, 'models/llama-tied');
const folder = `${base}-lora`;
const batch = packGroups([{ promptTokens: [5, 9, 2, 40], completions: [[7, 1, 33], [11, 4, 8, 90]] }]); // prettier-ignore

/** Sum of the log-probs, differentiated with respect to the adapter. */
const gradientsOf = (policy: TrainablePolicy) =>
  lossGradients(policy, () =>
    hostLoss(tokenLogps(policy, batch, 1).logps, (logps) => ({
      loss: 0,
      gradient: new Float64Array(logps.length).fill(1),
    })),
  );

describeOnEveryBackend('8-bit weights', () => {
  test('compute almost what the float weights do, forwards and backwards, in a third of the memory of the layers', async () => {
    const before = tf.memory();
    const float = await loadPolicy(folder, { trainable: true });
    const floatBytes = tf.memory().numBytes - before.numBytes;
    const held = await loadPolicy(folder, { trainable: true, int8: true });
    const heldBytes = tf.memory().numBytes - before.numBytes - floatBytes;
    const bytesOf = (weights: Record<string, tf.Tensor>, layers: boolean) =>
      Object.entries(weights)
        .filter(([name]) => layers === name.includes('_proj.weight'))
        .reduce((total, [, { size }]) => total + 4 * size, 0);
    expect(bytesOf(held.weights, true)).toBeLessThan(0.3 * bytesOf(float.weights, true));
    expect(bytesOf(held.weights, false)).toBe(bytesOf(float.weights, false));
    expect(heldBytes).toBeLessThan(floatBytes);
    expect(parameterCount(held)).toBe(parameterCount(float));

    for (const of of [withoutAdapter, (policy: TrainablePolicy) => policy]) {
      const [expected, actual] = [float, held].map((policy) => evaluateTokenLogps(of(policy), batch, 1));
      expect(largestDifference(actual, expected)).toBeGreaterThan(1e-6);
      expect(largestDifference(actual, expected)).toBeLessThan(0.05);
    }
    const [expected, actual] = [gradientsOf(float), gradientsOf(held)];
    expect(Object.keys(actual)).toEqual(Object.keys(held.adapter!.weights));
    tf.tidy(() => {
      for (const [name, gradient] of Object.entries(expected)) {
        const off = tf.norm(tf.sub(actual[name], gradient)).dataSync()[0];
        expect(off / tf.norm(gradient).dataSync()[0], name).toBeLessThan(0.05);
      }
    });
    tf.dispose([expected, actual]);
    float.dispose();
    held.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
  });

  test('are refused where a weight is not finite, and leave nothing behind', async () => {
    const broken = join(mkdtempSync(join(tmpdir(), 'int8-')), 'model');
    cpSync(base, broken, { recursive: true });
    const arrays = new Map<string, NamedArray>();
    await readSafetensors(join(broken, 'model.safetensors'), (name, array) => arrays.set(name, array));
    const name = 'model.layers.1.mlp.up_proj.weight';
    arrays.get(name)!.values[3] = Infinity;
    await writeSafetensors(join(broken, 'model.safetensors'), arrays, {});
    const before = tf.memory().numTensors;
    await expect(loadPolicy(broken, { trainable: false, int8: true })).rejects.toMatchObject({
      code: 'model_invalid',
      where: { field: name },
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
