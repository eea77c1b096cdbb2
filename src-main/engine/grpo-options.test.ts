import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { GrpoConfig } from '../contract/config.ts';
import type { GroupRecord, StepRecord } from '../contract/engine.ts';
import { rewardRuleSchema } from '../contract/reward-rules.ts';
import { mean, sum } from '../grpo/statistics.ts';
import { compileRules } from '../rewards/compile-rules.ts';
import { loadTokenizer } from '../tokenizer/tokenizer.ts';
import { grpo, model, rewards, rows, train, withoutTimes } from './fixtures/training.ts';
import { probe } from './tensor/native-backend.ts';
import type { TrainerState } from './train/checkpoint.ts';
import { recordAdvantages } from './train/grpo-advantages.ts';
import { rewardedSteps } from './train/reasoning-steps.ts';

const { available, why } = await probe();
/** One update a batch, so that the ratio is 1 unless the test says otherwise. */
const once = { num_iterations: 1, gradient_accumulation_steps: 1, save_steps: 0 };

describe.skipIf(!available)(`GRPO with its options${available ? '' : ` (${why})`}`, () => {
  test.each([
    { loss_type: 'bnpo' },
    { loss_type: 'dr_grpo', scale_rewards: 'none' },
    { loss_type: 'dapo', epsilon_high: 0.28, mask_truncated_completions: true },
    { loss_type: 'cispo', epsilon_high: 5 },
    { loss_type: 'sapo' },
    { loss_type: 'luspo', importance_sampling_level: 'sequence' },
    { loss_type: 'vespo' },
    { loss_type: 'gmpo', epsilon: 0.4 },
    { importance_sampling_level: 'sequence', epsilon: 3e-4, epsilon_high: 4e-4 },
    { importance_sampling_level: 'sequence_token', delta: 4 },
    { dual_clip: 3, top_entropy_quantile: 0.2, off_policy_mask_threshold: 0.5 },
    { sampler_correction: 'token_truncate', kl_estimator: 'k2', use_bias_correction_kl: true },
    { entropy_coef: 0.01, use_adaptive_entropy: true, entropy_target: 5 },
    { kl_in_reward: true, kl_estimator: 'k1', advantage_baseline: 'leave_one_out' },
    { multi_objective_aggregation: 'normalize_then_sum' },
    { process_supervision: ',', dynamic_sampling: true, importance_sampling_level: 'sequence' },
    { scale_rewards: 'batch', advantage_baseline: 'none', beta: 0 },
  ])('trains with %o', async (options) => {
    const { steps } = await train(grpo({ ...options, max_steps: 2, save_steps: 0 }));
    expect(steps).toHaveLength(2);
    for (const { metrics } of steps) {
      expect(metrics.grad_norm).toBeGreaterThan(0);
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    }
  });

  test('sampling with bfloat16 weights: what it is off by is measured, and the old policy is the trained one', async () => {
    const exact = (await train(grpo({ ...once, max_steps: 1 }))).steps[0];
    const options = { ...once, max_steps: 1, sampler_weights: 'bfloat16', sampler_correction: 'token_truncate' };
    const { metrics, groups } = (await train(grpo(options))).steps[0];
    const difference = 'sampling/sampling_logp_difference/mean';
    expect(exact.metrics[difference]).toBeLessThan(1e-4);
    expect(metrics[difference]).toBeGreaterThan(10 * exact.metrics[difference]);
    expect(metrics[difference]).toBeLessThan(0.05);
    expect(metrics['sampling/importance_sampling_ratio/min']).toBeLessThan(1);
    expect(metrics['sampling/importance_sampling_ratio/max']).toBeGreaterThan(1);
    // The weight of a token is π_old/π_sampler, and π_old is what the loss was taken of: the ratio is 1.
    expect(metrics['ratio/max']).toBe(1);
    for (const { samplingLogps, oldLogps, policyLogps } of groups.flatMap(({ completions }) => completions)) {
      expect(oldLogps).toEqual(policyLogps);
      expect(oldLogps).not.toEqual(samplingLogps);
    }
  });

  test('accumulated gradients are those of the whole batch, whatever the loss', async () => {
    for (const loss_type of ['grpo', 'dapo', 'dr_grpo']) {
      const norm = async (parts: number) => {
        const { steps } = await train(grpo({ ...once, max_steps: 1, loss_type, gradient_accumulation_steps: parts }));
        return steps[0].metrics.grad_norm;
      };
      const whole = await norm(1);
      expect(Math.abs((await norm(2)) - whole)).toBeLessThan(1e-5 * whole);
    }
  });

  test('on-policy the gradient coefficient of a token is A + β(π_ref/π − 1)', async () => {
    const beta = 0.5;
    const options = { ...once, max_steps: 3, learning_rate: 5e-3, beta, gradient_accumulation_steps: 2 };
    const completions = (await train(grpo(options))).steps[2].groups.flatMap(({ completions }) => completions);
    const pulls = completions.flatMap(({ advantage, coefficients, policyLogps, referenceLogps }) => {
      const reference = referenceLogps as Float32Array;
      const expected = Array.from(policyLogps, (logp, t) => advantage + beta * Math.expm1(reference[t] - logp));
      expect(coefficients).toHaveLength(expected.length);
      for (const [t, value] of expected.entries()) expect(Math.abs(coefficients[t] - value)).toBeLessThan(1e-5);
      return Array.from(coefficients, (value) => Math.abs(value - advantage));
    });
    expect(Math.max(...pulls)).toBeGreaterThan(0.01); // the KL term has something to pull by then
  });

  test('a batch that feeds two updates keeps the old policy: the second one is off-policy', async () => {
    const { steps } = await train(grpo({ ...once, max_steps: 1, steps_per_generation: 2 }));
    const [first, second] = steps[0].groups;
    for (const { oldLogps, policyLogps } of first.completions) expect(policyLogps).toEqual(oldLogps);
    expect(
      second.completions.some(({ oldLogps, policyLogps }) => oldLogps.some((logp, t) => logp !== policyLogps[t])),
    ).toBe(true);
    expect(steps[0].metrics['ratio/max']).toBeGreaterThan(1);
  });

  test('the updates that share a batch divide by its tokens in dapo, each by its part of them', async () => {
    const options = {
      ...once,
      max_steps: 1,
      learning_rate: 1e-12,
      beta: 0,
      loss_type: 'dapo',
      steps_per_generation: 2,
    };
    const [{ groups, metrics }] = (await train(grpo(options))).steps;
    const completions = groups.flatMap((group) => group.completions);
    const lengths = completions.map(({ tokens }) => tokens.length);
    const gain = sum(completions.map(({ advantage }, i) => advantage * lengths[i])) / sum(lengths);
    expect(Math.abs(gain)).toBeGreaterThan(0.01); // longer completions did better, or worse
    expect(metrics['loss/policy']).toBeCloseTo(-gain, 6); // the mean over the two updates
  });

  test('the entropy bonus is its weight times the mean entropy of the tokens it acts on, which is what is steered', async () => {
    const bonus = { entropy_coef: 0.1, top_entropy_quantile: 0.5, gradient_accumulation_steps: 2 };
    const fixed = (await train(grpo({ ...once, ...bonus, max_steps: 1 }))).steps[0].metrics;
    expect(fixed['entropy/bonus']).toBeGreaterThan(1.5 * fixed.entropy);
    const relative = fixed['loss/entropy'] / (-0.1 * fixed['entropy/bonus']); // micro-batches of unequal size weigh alike
    expect(Math.abs(relative - 1)).toBeLessThan(0.2);

    const between = (fixed.entropy + fixed['entropy/bonus']) / 2; // all tokens are below it, those of the bonus above
    const steered = { ...bonus, use_adaptive_entropy: true, entropy_target: between, max_steps: 1, save_steps: 1 };
    const { checkpoints } = await train(grpo({ ...once, ...steered }));
    const state = JSON.parse(readFileSync(join(checkpoints[0], 'trainer_state.json'), 'utf8')) as TrainerState;
    expect(state.coefficients?.entropy).toEqual({ coefficient: 0.095, active: false });
  });

  test('a truncated completion can be left out of the loss; its log-probs are recorded all the same', async () => {
    const run = (masked: boolean) =>
      train(grpo({ ...once, max_steps: 1, beta: 0, max_completion_length: 6, mask_truncated_completions: masked }));
    const [masked] = (await run(true)).steps;
    expect(masked.metrics['completions/clipped_ratio']).toBe(1);
    expect(masked.metrics.grad_norm).toBe(0);
    for (const { tokens, policyLogps, entropies, coefficients } of masked.groups.flatMap(
      ({ completions }) => completions,
    )) {
      expect(policyLogps).toHaveLength(tokens.length);
      expect(entropies.some((entropy) => entropy > 0)).toBe(true);
      expect(coefficients).toEqual(new Float32Array(tokens.length));
    }
  });

  test('the KL in the reward leaves the loss without a KL term and moves the advantages', async () => {
    const options = { ...once, max_steps: 3, learning_rate: 5e-3, beta: 0.5 };
    const { steps } = await train(grpo({ ...options, kl_in_reward: true, kl_estimator: 'k1' }));
    expect(steps[2].metrics['loss/kl']).toBe(0);
    expect(steps[2].metrics.kl).toBeGreaterThan(0);
    const scored = steps[2].groups.filter(
      ({ completions }) => new Set(completions.map(({ reward }) => reward)).size === 1,
    );
    expect(scored.length).toBeGreaterThan(0);
    // Rewards are equal, so it is the KL alone that tells these completions apart.
    expect(scored.some(({ completions }) => completions.some(({ advantage }) => Math.abs(advantage) > 0.1))).toBe(true);
  });

  test('beta follows the KL towards its target', async () => {
    const { steps } = await train(grpo({ ...once, max_steps: 4, learning_rate: 5e-3, kl_target: 1e-6 }));
    const betas = steps.map(({ metrics }) => metrics.beta);
    expect(betas[0]).toBe(0.04);
    expect(betas[3]).toBeGreaterThan(betas[1]);
  });

  test('dynamic sampling replaces groups that the first rule scores alike', async () => {
    // The rule cannot tell completions apart, the shaping rule can: the group counts as alike nevertheless.
    const alike = [{ name: 'none', type: 'regex', pattern: '^never$' }, rewards[1]];
    const options = { ...once, max_steps: 1, dynamic_sampling: true, dynamic_sampling_rounds: 2 };
    const [step] = (await train(grpo({ ...options, rewards: alike }))).steps;
    expect(step.metrics['groups/dropped']).toBe(4); // two rounds of two further prompts
    expect(step.groups).toHaveLength(2);

    const [kept] = (await train(grpo({ ...options, temperature: 1.6, dynamic_sampling_rounds: 20 }))).steps;
    for (const { completions } of kept.groups) {
      expect(new Set(completions.map(({ scores }) => scores[0].score)).size).toBeGreaterThan(1);
    }
  });

  test('dynamic sampling draws anew in each round, of the same prompt too', async () => {
    const options = { ...once, max_steps: 1, prompts_per_step: 1, temperature: 1, dynamic_sampling_rounds: 40 };
    const outcomes = async (dynamic_sampling: boolean) => {
      const { steps } = await train(grpo({ ...options, dynamic_sampling }), { trainRows: rows.slice(0, 1) });
      return new Set(steps[0].groups[0].completions.map(({ scores }) => scores[0].score)).size;
    };
    expect(await outcomes(false)).toBe(1);
    expect(await outcomes(true)).toBe(2);
  });

  test('a reference that follows the policy is part of the state: resumed bit for bit', async () => {
    const options = {
      sync_ref_model: true,
      ref_model_sync_steps: 1,
      ref_model_mixup_alpha: 0.5,
      kl_target: 0.01,
      use_adaptive_entropy: true,
    };
    const whole = await train(grpo(options));
    const fixed = await train(grpo({ kl_target: 0.01, use_adaptive_entropy: true }));
    expect(whole.steps[3].metrics.kl).toBeLessThan(fixed.steps[3].metrics.kl);
    const resumed = await train(grpo(options), { resumeFrom: whole.checkpoints[0] });
    expect(resumed.steps.map(withoutTimes)).toEqual(whole.steps.slice(2).map(withoutTimes));
    for (const file of ['model.safetensors', 'reference/model.safetensors', 'trainer_state.json']) {
      const bytes = (folder: string) => readFileSync(join(folder, file));
      expect(bytes(resumed.checkpoints[0]).equals(bytes(whole.checkpoints[1])), file).toBe(true);
    }
  });

  test('a group of high variance replaces one without any, under the policy that sampled it', async () => {
    const options = { ...once, max_steps: 6, temperature: 1.6, replay_groups: 1 };
    const { steps } = await train(grpo(options));
    const key = ({ row, completions }: GroupRecord) => JSON.stringify([row, completions.map(({ text }) => text)]);
    const earlier = new Map<string, GroupRecord>();
    let replayed = 0;
    for (const { metrics, groups } of steps) {
      expect(groups).toHaveLength(2);
      const again = groups.filter((group) => earlier.has(key(group)));
      expect(again).toHaveLength(metrics['groups/replayed']);
      for (const group of again) {
        const original = earlier.get(key(group)) as GroupRecord;
        group.completions.forEach((completion, i) => {
          expect(completion.oldLogps).toEqual(original.completions[i].oldLogps);
          expect(completion.samplingLogps).toEqual(original.completions[i].samplingLogps);
          expect(completion.policyLogps).not.toEqual(completion.oldLogps);
          expect(completion.referenceLogps).not.toBeNull();
        });
        expect(group.completions.some(({ advantage }) => advantage > 0)).toBe(true);
        earlier.delete(key(group)); // it has left the buffer
      }
      for (const group of groups.filter((group) => !again.includes(group))) {
        for (const { oldLogps, policyLogps } of group.completions) expect(policyLogps).toEqual(oldLogps);
        earlier.set(key(group), group);
      }
      replayed += again.length;
    }
    expect(replayed).toBeGreaterThan(1);
  });

  test('a curriculum comes back to the rows that the policy solves at times', async () => {
    const { steps } = await train(grpo({ ...once, max_steps: 6, temperature: 1.6, curriculum: true }));
    const plain = await train(grpo({ ...once, max_steps: 6, temperature: 1.6 }));
    const rowsOf = (records: StepRecord[]) => records.map(({ groups }) => groups.map(({ row }) => row));
    expect(rowsOf(steps)).not.toEqual(rowsOf(plain.steps));
    for (const rows of rowsOf(steps)) expect(new Set(rows).size).toBe(2);
    expect(plain.steps[0].metrics).not.toHaveProperty('curriculum/mean_pass_rate');
    const shares = steps[0].groups.map(({ completions }) =>
      mean(completions.map(({ scores }) => Number((scores[0].score as number) >= 0.5))),
    );
    expect(steps[0].metrics['curriculum/mean_pass_rate']).toBeCloseTo(mean(shares), 12);
  });

  test.each([
    { replay_groups: 1, seed: 8 },
    { curriculum: true },
    { replay_groups: 2, curriculum: true, dynamic_sampling: true },
  ])('%o is part of the state: resumed bit for bit', async (change) => {
    const options = { ...change, temperature: 1.6, max_steps: 6, save_steps: 3, dynamic_sampling_rounds: 1 };
    const whole = await train(grpo(options));
    const files = ['model.safetensors', 'trainer_state.json'];
    const bytes = (folder: string, file: string) => readFileSync(join(folder, file));
    if (change.replay_groups !== undefined) {
      files.push('replay.json');
      expect(JSON.parse(bytes(whole.checkpoints[0], 'replay.json').toString())).not.toHaveLength(0);
      expect(whole.steps.slice(3).some(({ metrics }) => metrics['groups/replayed'] > 0)).toBe(true);
    }
    const { passRates } = JSON.parse(bytes(whole.checkpoints[0], 'trainer_state.json').toString()) as TrainerState;
    expect(Object.keys(passRates).length > 0).toBe(change.curriculum === true);

    const resumed = await train(grpo(options), { resumeFrom: whole.checkpoints[0] });
    expect(resumed.steps.map(withoutTimes)).toEqual(whole.steps.slice(3).map(withoutTimes));
    for (const file of files) {
      expect(bytes(resumed.checkpoints[0], file).equals(bytes(whole.checkpoints[1], file)), file).toBe(true);
    }
  });

  test('a checkpoint without its replay buffer is refused', async () => {
    const { checkpoints } = await train(grpo({ max_steps: 4, replay_groups: 1 }));
    rmSync(join(checkpoints[0], 'replay.json'));
    await expect(train(grpo({ max_steps: 4, replay_groups: 1 }), { resumeFrom: checkpoints[0] })).rejects.toMatchObject(
      { code: 'checkpoint_invalid' },
    );
  });

  test('process supervision credits a token with the steps it leads to', async () => {
    // The rules see a comma and the end of the thoughts, which different steps add.
    const rules = [
      { name: 'comma', type: 'regex', pattern: ',' },
      { name: 'thoughts', type: 'regex', pattern: '</think>', weight: -0.5 },
    ].map((rule) => rewardRuleSchema.parse(rule));
    // The value of this loss tells the tokens apart: −A log π, averaged over all tokens.
    const options = { ...once, max_steps: 1, beta: 0, loss_type: 'cispo', epsilon_high: 5, rewards: rules };
    const run = grpo({ ...options, process_supervision: ',' });
    const [step] = (await train(run)).steps;

    const { groups } = step;
    const recorded = groups.map(({ completions }) => completions.map(({ advantage }) => advantage));
    const judges = { tokenizer: await loadTokenizer(model), scorer: await compileRules(rules) };
    const scored = groups.map((group) => ({ ...group, row: rows[group.row] }));
    const reasoning = await rewardedSteps(scored, ',', judges);
    const advantagesOf = recordAdvantages(groups, run.config as GrpoConfig, 0, reasoning);
    expect(groups.map(({ completions }) => completions.map(({ advantage }) => advantage))).toEqual(recorded);
    const terms = groups.flatMap(({ completions }) =>
      completions.flatMap((completion) =>
        Array.from(completion.policyLogps, (logp, t) => -advantagesOf(completion)[t] * logp),
      ),
    );
    expect(step.metrics['loss/policy']).toBeCloseTo(mean(terms), 6);

    const manySteps = [...reasoning].filter(([, steps]) => steps.length > 1);
    expect(manySteps.length).toBeGreaterThan(0);
    for (const [completion, steps] of manySteps) {
      const advantages = advantagesOf(completion);
      expect(advantages).toHaveLength(completion.tokens.length);
      const [first, second] = steps;
      expect(new Set(advantages.slice(0, first.end + 1)).size).toBe(1);
      expect(advantages[second.end]).not.toBe(advantages[first.end]);
    }
  });

  test('process supervision resumes bit for bit', async () => {
    const whole = await train(grpo({ process_supervision: ',' }));
    const resumed = await train(grpo({ process_supervision: ',' }), { resumeFrom: whole.checkpoints[0] });
    expect(resumed.steps.map(withoutTimes)).toEqual(whole.steps.slice(2).map(withoutTimes));
    const bytes = (folder: string) => readFileSync(join(folder, 'model.safetensors'));
    expect(bytes(resumed.checkpoints[0]).equals(bytes(whole.checkpoints[1]))).toBe(true);
  });

  test('settings that contradict each other are refused before anything is loaded', async () => {
    await expect(train(grpo({ loss_type: 'cispo' }))).rejects.toMatchObject({
      code: 'config_invalid',
      where: { field: 'epsilon_high' },
    });
  });
});
