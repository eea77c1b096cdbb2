/** Sampling with bfloat16 weights against single operations that round the same numbers. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { SamplerWeights } from '../../contract/config.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { plainSampling } from '../fixtures/sampling.ts';
import { packGroups } from '../model/packed-batch.ts';
import { loadPolicy, type Policy } from '../model/policy.ts';
import { evaluateTokenLogps } from '../model/token-logps.ts';
import { selectBackend } from '../tensor/backend.ts';
import { rolloutSteps, type SampledCompletion } from './rollout.ts';

const reference = vi.hoisted(() => ({ composes: false, rounds: false }));

vi.mock('../tensor/ops/linear.ts', async (importActual) => {
  const actual = await importActual<typeof import('../tensor/ops/linear.ts')>();
  const linear: typeof actual.linear = (x, weight, bias) =>
    reference.rounds ? actual.linear(rounded(x), rounded(weight), bias) : actual.linear(x, weight, bias);
  return { ...actual, linear };
});

vi.mock('./fused-decoder.ts', async (importActual) => {
  const actual = await importActual<typeof import('./fused-decoder.ts')>();
  const openFusedDecoder: typeof actual.openFusedDecoder = (...decoded) =>
    reference.composes ? null : actual.openFusedDecoder(...decoded);
  return { ...actual, openFusedDecoder };
});

/** To the nearest bfloat16, of two the even one. */
function rounded(x: tf.Tensor2D): tf.Tensor2D {
  const values = Float32Array.from(x.dataSync());
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) & 0xffff0000;
  return tf.tensor2d(values, x.shape);
}

const folder = join(import.meta.dirname, '../../../resources/models/starter');
const sampling = { ...plainSampling, min_completion_length: 20, temperature: 1.2 };

let policy: Policy;
let tokenizer: Tokenizer;
let prompts: Int32Array[];

beforeAll(async () => {
  await selectBackend('native');
  tokenizer = await loadTokenizer(folder);
  prompts = ['What is 12 + 30?', 'What is 587 + 646?'].map((text) => tokenizer.encode(text));
  policy = await loadPolicy(folder, { trainable: false });
  return () => policy.dispose();
});

afterEach(() => Object.assign(reference, { composes: false, rounds: false }));

function sample(weights: SamplerWeights, rounds = false): SampledCompletion[][] {
  const options = { sampling, generations: 9, greedy: false, seed: 4, path: ['x'], weights };
  const steps = rolloutSteps(policy, tokenizer, prompts, options);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    reference.rounds = rounds; // from here on: the prompts have been computed
  }
}

const logpsOf = (groups: SampledCompletion[][]) => groups.flat().flatMap(({ logps }) => [...logps]);
const differences = (a: readonly number[], b: readonly number[]) => a.map((value, i) => Math.abs(value - b[i]));

test('bfloat16 decoding is that of single operations on rounded weights and inputs', () => {
  const fused = sample('bfloat16');
  reference.composes = true;
  const composed = sample('float32', true);
  // Sums in another order move some inputs of a product over the border between two roundings, and some draws over that of two tokens.
  const found = fused.flat().flatMap(({ tokens, logps }, i) => {
    const other = composed.flat()[i];
    const same = tokens.findIndex((token, t) => token !== other.tokens[t]);
    return differences([...logps.slice(0, same < 0 ? undefined : same)], [...other.logps]);
  });
  expect(found.length).toBeGreaterThan(18 * 18);

  reference.rounds = false;
  const batch = packGroups(
    fused.map((group, i) => ({ promptTokens: prompts[i], completions: group.map(({ tokens }) => tokens) })),
  );
  const exact = differences(logpsOf(fused), [...evaluateTokenLogps(policy, batch, sampling.temperature)]);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.max(...found)).toBeLessThan(Math.max(...exact));
  expect(mean(exact)).toBeGreaterThan(10 * mean(found));
});

test('a policy can be decoded with one kind of weights and then the other', () => {
  const exact = sample('float32');
  expect(sample('bfloat16')).not.toEqual(exact);
  expect(sample('float32')).toEqual(exact);
});

test('bfloat16 weights are refused where only single operations can decode', async () => {
  await selectBackend('cpu');
  const onCpu = await loadPolicy(folder, { trainable: false });
  const options = { sampling, generations: 1, greedy: false, seed: 4, path: ['x'], weights: 'bfloat16' as const };
  expect(() => rolloutSteps(onCpu, tokenizer, prompts, options).next()).toThrow(/needs the native backend/);
  onCpu.dispose();
  await selectBackend('native');
});
