import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../tensor/backend.ts';
import { attention } from '../tensor/ops/attention.ts';
import { decoderLayer, hiddenStates } from './decoder.ts';
import { canFuseLayers } from './fused-layer.ts';
import { packGroups } from './packed-batch.ts';
import { addAdapter, initializePolicy, type Policy, type TrainablePolicy } from './policy.ts';
import { packedHiddenStates } from './token-logps.ts';

const folder = mkdtempSync(join(tmpdir(), 'fused-layer-'));
const settings = { rank: 3, alpha: 6, rsLora: false, dropout: 0, rankPattern: {}, alphaPattern: {} };

/** A model with biases and two query heads a key; several blocks of tokens. */
async function randomPolicy(): Promise<TrainablePolicy> {
  const policy = await initializePolicy(folder, 3);
  shake(policy.parameters, 0.3);
  return policy;
}

function shake(parameters: TrainablePolicy['parameters'], spread: number): void {
  for (const [i, parameter] of Object.values(parameters).entries())
    tf.tidy(() => parameter.assign(tf.add(parameter, tf.randomNormal(parameter.shape, 0, spread, 'float32', i + 1))));
}

const span = (length: number, from: number): number[] => Array.from({ length }, (_, i) => (from + 7 * i) % 40);
const batch = packGroups([
  { promptTokens: span(30, 1), completions: [span(60, 2), span(9, 3), span(90, 4)] },
  { promptTokens: span(7, 5), completions: [span(40, 6), span(1, 7), span(25, 8)] },
]);

/** The same by single operations, which compute all rows. */
function composed(policy: Policy, rows?: Int32Array): tf.Tensor2D {
  const tables = policy.rope(128);
  const all = hiddenStates(policy, batch.tokens, (layer, input) =>
    decoderLayer(policy, tables, layer, input, batch.positions, (query, key, value, options) =>
      attention(query, key, value, batch.segments, options),
    ),
  );
  return rows === undefined ? all : tf.gather(all, tf.tensor1d(rows, 'int32'));
}

/** Hidden states and the gradients of a weighted sum of them. */
function results(policy: TrainablePolicy, run: () => tf.Tensor2D): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  tf.tidy(() => {
    const names = Object.keys(policy.parameters).filter((name) => name.startsWith('model.layers'));
    const hidden = run();
    found.set('hidden', hidden.dataSync() as Float32Array);
    const weights = tf.randomNormal(hidden.shape, 0, 1, 'float32', 9);
    const gradients = tf.grads(() => tf.sum(tf.mul(run(), weights)))(names.map((name) => policy.parameters[name]));
    names.forEach((name, i) => found.set(name, gradients[i].dataSync() as Float32Array));
  });
  return found;
}

function expectSame(policy: TrainablePolicy, rows?: Int32Array): void {
  expect(canFuseLayers(policy, policy.rope(128))).toBe(true);
  const expected = results(policy, () => composed(policy, rows));
  const actual = results(policy, () => packedHiddenStates(policy, batch, rows && { rows }));
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(scale, name).toBeGreaterThan(0);
    const got = actual.get(name) as Float32Array;
    expect(Math.max(...got.map((value, i) => Math.abs(value - values[i]))) / scale, name).toBeLessThan(1e-4);
  }
}

beforeAll(async () => {
  await selectBackend('native');
  const config = {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: 40,
    hidden_size: 48,
    intermediate_size: 100,
    num_hidden_layers: 2,
    num_attention_heads: 6,
    num_key_value_heads: 3,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a fused layer equals the composition, with its gradients', () => {
  test('all weights trained', async () => {
    const policy = await randomPolicy();
    expectSame(policy);
    expectSame(policy, batch.rows);
    policy.dispose();
  });

  test('an adapter trained', async () => {
    const base = await randomPolicy();
    const policy = addAdapter(base, { ...settings, targetModules: ['q_proj', 'v_proj', 'up_proj', 'down_proj'] }, 1);
    shake(policy.parameters, 0.2);
    expectSame(policy);
    expectSame(policy, batch.rows);
    policy.dispose();
  });
});

test('nothing is left behind', async () => {
  const policy = await randomPolicy();
  const gradients = (): void =>
    tf.tidy(() => {
      const { value } = tf.variableGrads(() => tf.sum(packedHiddenStates(policy, batch)));
      value.dispose();
    });
  gradients();
  const { numTensors } = tf.memory();
  gradients();
  expect(tf.memory().numTensors).toBe(numTensors);
  policy.dispose();
});

test('an adapter that drops inputs takes the composition', async () => {
  const base = await randomPolicy();
  const policy = addAdapter(base, { ...settings, targetModules: ['q_proj'] }, 1);
  const dropping = { ...policy, adapter: { ...policy.adapter!, dropoutOf: () => null as never } };
  expect(canFuseLayers(dropping, policy.rope(16))).toBe(false);
  policy.dispose();
});
