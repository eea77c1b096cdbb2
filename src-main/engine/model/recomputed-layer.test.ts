import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../../e2e/fixtures/golden.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { lossGradients } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import type { LoraSettings } from '../../checkpoint/adapter-description.ts';
import { withDropout } from './lora.ts';
import { packGroups } from './packed-batch.ts';
import { addAdapter, loadPolicy, type TrainablePolicy } from './policy.ts';
import { tokenLogps } from './token-logps.ts';

const models = join(goldenFolder, 'models');
const span = (length: number, from: number): number[] => Array.from({ length }, (_, i) => (from + 7 * i) % 40);
const batch = packGroups([
  { promptTokens: span(6, 1), completions: [span(5, 2), span(2, 3)] },
  { promptTokens: span(2, 5), completions: [span(3, 6), span(1, 8)] },
]);
const adapter: LoraSettings = {
  rank: 3,
  alpha: 7,
  targetModules: 'all-linear',
  rsLora: false,
  dropout: 0,
  rankPattern: {},
  alphaPattern: {},
};

/** Log-probs and the gradients of a weighted sum of them; and the bytes of tensors that lived between the passes. */
function outcome(policy: TrainablePolicy): { values: Map<string, Float32Array>; bytes: number } {
  const values = new Map<string, Float32Array>();
  const before = tf.memory().numBytes;
  let bytes = 0;
  const gradients = lossGradients(policy, () =>
    hostLoss(tokenLogps(policy, batch, 1).logps, (logps) => {
      values.set('logps', logps);
      bytes = tf.memory().numBytes - before;
      return { loss: 0, gradient: Float64Array.from(logps, (_, i) => Math.sin(i)) };
    }),
  );
  for (const [name, gradient] of Object.entries(gradients)) values.set(name, gradient.dataSync() as Float32Array);
  tf.dispose(gradients);
  return { values, bytes };
}

function expectSame(policy: TrainablePolicy): void {
  const expected = outcome(policy);
  const tensors = tf.memory().numTensors;
  const actual = outcome({ ...policy, recomputes: true });
  expect(actual.values).toEqual(expected.values);
  expect([...expected.values.values()].every((values) => values.some((value) => value !== 0))).toBe(true);
  expect(actual.bytes).toBeLessThan(expected.bytes);
  expect(tf.memory().numTensors).toBe(tensors);
}

/** An adapter whose second matrices are not zero any more. */
async function adapted(int8: boolean): Promise<TrainablePolicy> {
  const base = await loadPolicy(join(models, 'llama-tied'), { trainable: false, int8 });
  const targetModules = ['q_proj', 'o_proj', 'gate_proj', 'down_proj'];
  const policy = addAdapter(base, { ...adapter, targetModules, dropout: 0.2 }, 1);
  for (const [i, parameter] of Object.values(policy.parameters).entries())
    tf.tidy(() => parameter.assign(tf.add(parameter, tf.randomNormal(parameter.shape, 0, 0.1, 'float32', i + 1))));
  return policy;
}

describeOnEveryBackend('layers that are computed again give the same numbers, bit for bit, and keep less', () => {
  test.each(['llama-bias-mqa', 'gemma3-linear', 'phi3-partial', 'qwen3-window', 'smollm3-window'])(
    '%s',
    async (name) => {
      const policy = await loadPolicy(join(models, name), { trainable: true });
      expectSame(policy);
      policy.dispose();
    },
  );

  test.each([
    ['an adapter', false],
    ['an adapter over 8-bit weights', true],
  ])('%s, and the same that drops inputs', async (_name, int8) => {
    const policy = await adapted(int8);
    expectSame(policy);
    expectSame(withDropout(policy, 1, 2));
    policy.dispose();
  });
});
