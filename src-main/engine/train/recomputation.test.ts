import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { rewardModelConfigSchema, sftConfigSchema, type RunConfig } from '../../contract/config.ts';
import { base, grpo, model, rewards, train, withoutTimes } from '../fixtures/training.ts';
import { loadPolicy, type TrainablePolicy } from '../model/policy.ts';
import { selectBackend } from '../tensor/backend.ts';
import { probe } from '../tensor/native-backend.ts';
import { activationBytes } from './gradients.ts';
import { forTraining } from './recomputation.ts';

const { available, why } = await probe();
const policyBytes = ({ parameters }: TrainablePolicy): number =>
  Object.values(parameters).reduce((total, { size }) => total + 4 * size, 0);
const small = { max_steps: 2, save_steps: 0 };
const runs: [string, (change: object) => RunConfig][] = [
  ['GRPO', (change) => grpo({ ...small, ...change })],
  [
    'SFT',
    (change) => ({
      type: 'sft',
      config: sftConfigSchema.parse({ ...base, ...small, rewards, batch_size: 3, ...change }),
    }),
  ],
  [
    'a reward model',
    (change) => ({
      type: 'reward_model',
      config: rewardModelConfigSchema.parse({
        model,
        dataset: 'unused',
        backend: 'native',
        ...small,
        batch_size: 2,
        ...change,
      }),
    }),
  ],
];
const ranked = ['1', '2', '3'].map((answer, index) => ({
  index,
  prompt: `What is ${answer}?`,
  columns: { chosen: answer, rejected: 'no' },
}));

describe.skipIf(!available)(`layers that are computed again${available ? '' : ` (${why})`}`, () => {
  test.each(runs)('%s: the run is the same, bit for bit', async (name, run) => {
    const rows = name === 'a reward model' ? { trainRows: ranked } : {};
    const expected = await train(run({ gradient_checkpointing: false }), rows);
    const actual = await train(run({ gradient_checkpointing: true }), rows);
    expect(actual.steps.map(withoutTimes)).toEqual(expected.steps.map(withoutTimes));
    for (const file of ['optimizer.safetensors', 'trainer_state.json']) {
      const [mine, theirs] = [actual, expected].map(({ checkpoints }) => readFileSync(join(checkpoints[0], file)));
      expect(mine.equals(theirs), file).toBe(true);
    }
    const recomputed = ({ steps }: typeof actual) => steps.map(({ metrics }) => metrics['memory/recomputed_tokens']);
    expect(recomputed(expected)).toEqual([0, 0]);
    expect(Math.min(...recomputed(actual))).toBeGreaterThan(0);
  });
});

describe.skipIf(!available)('auto', () => {
  let policy: TrainablePolicy;
  beforeAll(async () => {
    await selectBackend('native');
    policy = await loadPolicy(model, { trainable: true });
  });

  test('keeps what fits into what is free, and a whole machine is enough for a small model', () => {
    const kept = activationBytes(policy, 10_000);
    expect(forTraining(policy, 'auto', 10_000, 3 * kept).recomputes).toBe(false);
    expect(forTraining(policy, 'auto', 10_000, kept).recomputes).toBe(true);
    expect(forTraining(policy, 'auto', 10).recomputes).toBe(false);
  });

  test('counts what an adapter adds where it drops inputs', () => {
    const weights = { 'x.lora_A.weight': tf.zeros([2, 512]), 'x.lora_B.weight': tf.zeros([1024, 2]) };
    const adapter = { settings: null as never, weights, dropoutOf: () => null as never };
    const [tokens, kept] = [10_000, 1.4 * activationBytes({ ...policy, adapter }, 10_000)];
    const logits = 4 * tokens * policy.config.vocabSize;
    const free = kept + logits + 3 * policyBytes(policy) + 4 * tokens * (2 * 512 + 2.6 * 1024);
    expect(forTraining({ ...policy, adapter }, 'auto', tokens, 1.001 * free).recomputes).toBe(false);
    expect(forTraining({ ...policy, adapter }, 'auto', tokens, 0.999 * free).recomputes).toBe(true);
    tf.dispose(weights);
  });

  test('gives way to what the config says', () => {
    expect(forTraining(policy, true, 1, Infinity).recomputes).toBe(true);
    expect(forTraining(policy, false, 10_000, 0).recomputes).toBe(false);
  });
});
