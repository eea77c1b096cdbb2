/** Whole runs that train an adapter with dropout, over 8-bit weights, or further from one that was trained before. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { readAdapterDescription } from '../checkpoint/adapter-description.ts';
import { sftConfigSchema, type RunConfig } from '../contract/config.ts';
import { base, grpo, model, rewards, train, withoutTimes } from './fixtures/training.ts';
import { openTrainedPolicy } from './open-trained-policy.ts';
import { probe } from './tensor/native-backend.ts';

const lora = { lora_r: 4, lora_alpha: 8, lora_target_modules: ['q_proj', 'mlp.down_proj'] };
const grpoOfAdapter = (change: object = {}): RunConfig => grpo({ ...lora, ...change });
const sft = (change: object = {}): RunConfig => ({
  type: 'sft',
  config: sftConfigSchema.parse({ ...base, rewards, batch_size: 3, gradient_accumulation_steps: 2, ...change }),
});

const { available, why } = await probe();

describe.skipIf(!available)(`runs of adapters${available ? '' : ` (${why})`}`, () => {
  test.each([
    ['GRPO with dropout', grpoOfAdapter({ lora_dropout: 0.1 })],
    ['SFT with dropout', sft({ ...lora, lora_dropout: 0.1 })],
    ['GRPO over 8-bit weights', grpoOfAdapter({ load_in_8bit: true })],
  ])('%s: a resumed run is the uninterrupted run, bit for bit', async (_name, run) => {
    const whole = await train(run);
    const [second, fourth] = whole.checkpoints;
    const resumed = await train(run, { resumeFrom: second });
    expect(resumed.steps.map(withoutTimes)).toEqual(whole.steps.slice(2).map(withoutTimes));
    for (const file of ['adapter_model.safetensors', 'optimizer.safetensors', 'trainer_state.json']) {
      const [mine, theirs] = [resumed.checkpoints[0], fourth].map((folder) => readFileSync(join(folder, file)));
      expect(mine.equals(theirs), file).toBe(true);
    }
  });

  test('dropout moves the policy of an update, not the old policy nor the reference', async () => {
    const change = { max_steps: 2, num_iterations: 1, save_steps: 0, gradient_accumulation_steps: 1 };
    const [plain, dropping] = [grpoOfAdapter(change), grpoOfAdapter({ ...change, lora_dropout: 0.3 })];
    const ofPlain = (await train(plain)).steps.flatMap(({ groups }) => groups.flatMap((group) => group.completions));
    for (const { oldLogps, policyLogps } of ofPlain) expect(policyLogps).toEqual(oldLogps);
    const [first, second] = (await train(dropping)).steps.map(({ groups }) => groups.flatMap((g) => g.completions));
    const apart = ({ policyLogps, oldLogps }: (typeof first)[number]) =>
      Math.max(...policyLogps.map((logp, t) => Math.abs(logp - oldLogps[t])));
    // B is zero before the first update: what is dropped does not matter yet. The two passes differ in rounding alone.
    expect(Math.max(...first.map(apart))).toBeLessThan(1e-5);
    expect(Math.max(...second.map(apart))).toBeGreaterThan(1e-4);
    for (const { samplingLogps, oldLogps } of second) {
      oldLogps.forEach((logp, t) => expect(Math.abs(logp - samplingLogps[t])).toBeLessThan(1e-3));
    }
  });

  test('every update drops inputs of its own', async () => {
    const start = await train(grpoOfAdapter({ max_steps: 2, lora_dropout: 0.3 }));
    const lastPass = async (num_iterations: number) => {
      const change = { model: start.checkpoints.at(-1), lora_r: 0, max_steps: 1, learning_rate: 1e-12, num_iterations };
      const { steps } = await train(grpo(change));
      return steps[0].groups.flatMap(({ completions }) => completions.map(({ policyLogps }) => policyLogps));
    };
    expect(await lastPass(2)).not.toEqual(await lastPass(1));
  });

  test('an adapter is trained further, over the same base and from where it stands', async () => {
    const start = await train(grpoOfAdapter({ max_steps: 2, use_rslora: true }));
    const folder = start.checkpoints.at(-1) as string;
    const further = grpo({ model: folder, num_iterations: 1, load_in_8bit: true });
    const { steps, checkpoints } = await train(further);
    expect(start.steps[1].metrics.kl).toBeGreaterThan(0);
    expect(steps[0].metrics.kl).toBe(0); // the reference is the adapter that the run starts from, not the bare base
    expect(steps[3].metrics.kl).toBeGreaterThan(0);
    const [before, after] = [await readAdapterDescription(folder), await readAdapterDescription(checkpoints[1])];
    expect(after).toEqual({ ...before, folder: checkpoints[1] });
    expect(after?.baseFolder).toBe(model);
    const resumed = await train(further, { resumeFrom: checkpoints[0] });
    expect(resumed.steps.map(withoutTimes)).toEqual(steps.slice(2).map(withoutTimes));

    for (const [field, value] of Object.entries({ lora_r: 4, sync_ref_model: true })) {
      const run = grpo({ model: folder, [field]: value });
      await expect(openTrainedPolicy(run, null)).rejects.toMatchObject({ code: 'config_invalid', where: { field } });
    }
  });

  test.each([
    [['all-linear'], 7],
    [['.*layers\\.0\\..*(q|v)_proj'], null],
    [['q_proj', 'v_proj'], 2],
  ])('lora_target_modules %j', async (listed, perLayer) => {
    const { adapter, config, dispose } = await openTrainedPolicy(grpoOfAdapter({ lora_target_modules: listed }), null);
    const layers = Object.keys(adapter!.weights).length / 2;
    expect(layers).toBe(perLayer === null ? 2 : perLayer * config.layers);
    dispose();
  });

  test.each<[string, object, string]>([
    ['8-bit weights that are trained', { load_in_8bit: true }, 'load_in_8bit'],
    ['an expression that matches nothing', { ...lora, lora_target_modules: ['.*c_attn'] }, 'lora_target_modules'],
    ['no expression', { ...lora, lora_target_modules: ['(q'] }, 'lora_target_modules'],
    [
      'a list with a name of no layer',
      { ...lora, lora_target_modules: ['q_proj', 'all-linear'] },
      'lora_target_modules',
    ],
  ])('refuses %s', async (_what, change, field) => {
    const before = tf.memory().numTensors;
    await expect(openTrainedPolicy(grpo(change), null)).rejects.toMatchObject({
      code: 'config_invalid',
      where: { field },
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
