import { expect, test } from 'vitest';
import type { CompletionRecord, GroupRecord } from '../../contract/engine.ts';
import { grpoConfigSchema } from '../../contract/config.ts';
import { base, model, rewards } from '../fixtures/training.ts';
import { loadPolicy } from '../model/policy.ts';
import { selectBackend } from '../tensor/backend.ts';
import { initialCoefficients, lossOptions } from './grpo-settings.ts';
import { updatePolicy } from './grpo-update.ts';
import { Optimizer } from './optimizer.ts';

const ids = (length: number, from: number): Int32Array =>
  Int32Array.from({ length }, (_, i) => 40 + ((from + 5 * i) % 50));

function completion(length: number, from: number, advantage: number): CompletionRecord {
  const tokens = ids(length, from);
  const logps = new Float32Array(length).fill(-1);
  const record = { tokens, samplingLogps: logps, referenceLogps: null, advantage, finishReason: 'eos' };
  return record as unknown as CompletionRecord;
}

const groups = (advantages: number[][]): GroupRecord[] =>
  advantages.map(
    (group, g) =>
      ({
        promptTokens: ids(6 + g, g),
        completions: group.map((advantage, i) => completion(9 + i, 3 * g + i, advantage)),
      }) as unknown as GroupRecord,
  );

/** @param beta tiny: no group may be left out, and nothing else changes as there are no reference log-probs */
async function update(advantages: number[][], beta: number) {
  const policy = await loadPolicy(model, { trainable: true });
  const optimizer = new Optimizer(policy, { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 });
  const config = grpoConfigSchema.parse({ ...base, rewards, beta: 0, num_iterations: 2 });
  const made = groups(advantages);
  const options = { ...lossOptions(config, initialCoefficients(config)), beta };
  const samples = {
    groups: made,
    replayed: [],
    advantages: (of: CompletionRecord) => new Float64Array(of.tokens.length).fill(of.advantage),
  };
  const result = updatePolicy({ config, policy, optimizer }, samples, options, 1e-3);
  const name = 'model.layers.0.mlp.down_proj.weight';
  const weights = policy.parameters[name].dataSync() as Float32Array;
  optimizer.dispose();
  policy.dispose();
  return { ...result, completions: made.flatMap((group) => group.completions), weights };
}

test('groups without a gradient skip the backward pass and nothing else', async () => {
  await selectBackend('native');
  const advantages = [
    [0, 0],
    [1, -1],
    [0, 0, 0],
  ];
  const [skipping, whole] = [await update(advantages, 0), await update(advantages, 1e-30)];
  expect(whole.losses).toHaveLength(2);
  expect(skipping.losses).toHaveLength(4);
  expect(skipping.gradientNorm).toBeCloseTo(whole.gradientNorm, 5);
  expect(skipping.gradientNorm).toBeGreaterThan(0);
  skipping.weights.forEach((weight, i) => expect(weight).toBeCloseTo(whole.weights[i], 4));
  skipping.completions.forEach((completion, i) => {
    const { oldLogps, policyLogps, entropies, coefficients } = whole.completions[i];
    for (const [values, expected] of [
      [completion.oldLogps, oldLogps],
      [completion.policyLogps, policyLogps],
      [completion.entropies, entropies],
      [completion.coefficients, coefficients],
    ] as const) {
      expect(values).toHaveLength(completion.tokens.length);
      values.forEach((value, t) => expect(value).toBeCloseTo(expected[t], 3));
    }
  });
});

test('an update without any gradient still decays the weights', async () => {
  const { gradientNorm, weights } = await update([[0, 0]], 0);
  const before = await loadPolicy(model, { trainable: false });
  const values = before.weights['model.layers.0.mlp.down_proj.weight'].dataSync() as Float32Array;
  expect(gradientNorm).toBe(0);
  weights.forEach((weight, i) => expect(weight).toBeCloseTo(values[i] * (1 - 1e-3 * 0.1) ** 2, 6));
  before.dispose();
});
