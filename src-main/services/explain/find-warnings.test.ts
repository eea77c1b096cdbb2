import { afterEach, describe, expect, test } from 'vitest';
import { grpoRun, sftRun } from '../../store/fixtures/records.ts';
import type { Store } from '../../store/interfaces.ts';
import { findWarnings, warningsNote } from './find-warnings.ts';
import { record, runId, type Recording } from './fixtures/recorded-run.ts';
import type { RunWarning } from '../../rewards/watchers/warning.ts';

let store: Store | null = null;

afterEach(() => store?.close());

function warnings(recording: Recording): RunWarning[] {
  store = record(recording);
  return findWarnings(store.reader, store.reader.getRun(runId));
}

/** The warnings of a run with one metric. */
const of = (name: string, values: number[], rest: Partial<Recording> = {}) =>
  warnings({ steps: values.length, metrics: (step) => ({ [name]: values[step - 1] }), ...rest });

const codes = (found: RunWarning[]) => found.map(({ code }) => code);

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

describe('no reward differences', () => {
  test('in three steps in a row', () => {
    const [warning] = of('frac_reward_zero_std', [0.5, 1, 1, 1]);
    expect(warning).toMatchObject({
      code: 'no_reward_differences',
      evidence: 'In steps 2 to 4 all completions of every prompt got the same reward. It lasts up to the newest step.',
      steps: { first: 2, last: 4 },
      settings: [
        { name: 'num_generations', value: 8 },
        { name: 'temperature', value: 1 },
      ],
    });
  });

  test('in a run that solves every prompt is no reason to change the sampling', () => {
    const metrics = () => ({ frac_reward_zero_std: 1, 'rewards/exact/mean': 1 });
    const [warning] = warnings({ steps: 3, metrics });
    expect(warning.evidence).toContain('(the mean of rule exact was 1)');
    expect(warning.advice).toContain('the policy solves every prompt');
    expect(warning.settings).toEqual([]);
  });

  test('not in single steps', () => {
    expect(of('frac_reward_zero_std', [1, 1, 0.9, 1, 1])).toEqual([]);
  });
});

describe('truncated completions', () => {
  test('almost all of them', () => {
    const [warning] = of('completions/clipped_ratio', [0.95, 0.9, 1, 0.3]);
    expect(warning).toMatchObject({ code: 'completions_truncated', steps: { first: 1, last: 3 } });
    expect(warning.evidence).toBe(
      '95% of the completions in steps 1 to 3 reached the limit of 256 tokens before they ended. It has passed since.',
    );
    expect(warning.advice).toContain('Raise max_completion_length (now 256)');
  });

  test('not when some end', () => {
    expect(of('completions/clipped_ratio', times(9, 0.85))).toEqual([]);
  });
});

describe('entropy', () => {
  test('collapsed', () => {
    const [warning] = of('entropy', [0.02, 0.009, 0.004, 0.006]);
    expect(warning).toMatchObject({ code: 'entropy_collapsed', steps: { first: 2, last: 4 } });
    expect(warning.evidence).toContain('at its lowest 0.004');
    expect(warning.settings.map(({ name }) => name)).toEqual(['temperature', 'learning_rate', 'beta']);
  });

  test('low, but not collapsed', () => {
    expect(of('entropy', times(9, 0.011))).toEqual([]);
  });
});

describe('KL', () => {
  test('running away', () => {
    const [warning] = of('kl', [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6]);
    expect(warning).toMatchObject({
      code: 'kl_runaway',
      evidence: 'The KL was 0.933 nats per token in steps 6 to 8, and 0.0567 half-way through the run (up to step 4).',
      steps: { first: 6, last: 8 },
    });
    expect(warning.advice).toContain('Raise beta (now 0.04)');
  });

  test('far and steady is a choice, very far is not', () => {
    expect(of('kl', times(12, 0.9))).toEqual([]);
    expect(codes(of('kl', times(12, 2.5)))).toEqual(['kl_runaway']);
  });

  test('rising but near, or hardly measured', () => {
    expect(of('kl', [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128])).toEqual([]);
    expect(of('kl', [0, 1, 2, 3])).toEqual([]);
  });
});

/** Twelve steps in which rule `tagged` rises from 0 to 1 and `exact` as given. */
const shaping = (exact: (step: number) => number): Recording => ({
  steps: 12,
  metrics: (step) => ({
    reward: exact(step) + step / 12,
    'rewards/exact/mean': exact(step),
    'rewards/tagged/mean': step / 12,
  }),
});

describe('reward up', () => {
  test('with flat accuracy', () => {
    const [warning, ...others] = warnings(shaping(() => 0.25));
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      code: 'accuracy_flat',
      evidence:
        'From steps 1 to 3 to steps 10 to 12 the mean reward went from 0.417 to 1.17, but rule exact from 0.25 to 0.25. The gain came from tagged (+0.75).',
      settings: [
        { name: 'rewards.1.weight', value: 1 },
        { name: 'rewards.0.weight', value: 1 },
      ],
    });
  });

  test('with rising or perfect accuracy is what training is for', () => {
    expect(warnings(shaping((step) => step / 24))).toEqual([]);
    expect(warnings(shaping(() => 0.99))).toEqual([]);
  });

  test('is not judged from few steps, nor from noise', () => {
    expect(warnings({ ...shaping(() => 0.25), steps: 9 })).toEqual([]);
    const noisy = (step: number) => {
      const tagged = step % 2 === 0 ? 0.9 : step / 100;
      return { reward: 0.1 + tagged, 'rewards/exact/mean': 0.1, 'rewards/tagged/mean': tagged };
    };
    expect(warnings({ steps: 12, metrics: noisy })).toEqual([]);
  });

  test('is not judged when it is sure but small', () => {
    const metrics = (step: number) => ({
      reward: 0.1 + step / 200,
      'rewards/exact/mean': 0.1,
      'rewards/tagged/mean': step / 200,
    });
    expect(warnings({ steps: 12, metrics })).toEqual([]);
  });

  test('with flat held-out accuracy', () => {
    const rising = shaping((step) => step / 24);
    const [warning] = warnings({ ...rising, accuracy: { 0: 0.4, 12: 0.41 } });
    expect(warning).toMatchObject({
      code: 'held_out_flat',
      settings: [{ name: 'rewards.1.weight' }, { name: 'beta' }],
    });
    expect(warning.evidence).toContain('the held-out accuracy from 40% (after step 0) to 41% (after step 12)');
  });

  test('with rising held-out accuracy, or one measured too early to tell', () => {
    const rising = shaping((step) => step / 24);
    expect(warnings({ ...rising, accuracy: { 0: 0.4, 12: 0.6 } })).toEqual([]);
    expect(warnings({ ...rising, accuracy: { 0: 0.4, 3: 0.4 } })).toEqual([]);
  });
});

describe('one rule', () => {
  const rules = (exact: [number, number], tagged: [number, number], weight = 1): Recording => ({
    run: grpoRun({
      rewards: [
        { type: 'answer_match', name: 'exact' },
        { type: 'regex', name: 'tagged', pattern: 'x', weight },
      ],
    }),
    steps: 4,
    metrics: () => ({
      'rewards/exact/mean': exact[0],
      'rewards/exact/std': exact[1],
      'rewards/tagged/mean': tagged[0],
      'rewards/tagged/std': tagged[1],
    }),
  });

  test('decides by its weight', () => {
    const [warning] = warnings(rules([0.5, 0.5], [0.5, 0.5], 0.1));
    expect(warning).toMatchObject({
      code: 'one_rule_dominates',
      title: 'Rule exact decides almost alone',
      steps: { first: 1, last: 4 },
    });
    expect(warning.evidence).toContain('In steps 1 to 4 it made 99% of the variance of the reward');
    expect(warning.advice).toContain('Raise the weight of tagged (now 0.1), or lower that of exact (now 1).');
  });

  test('decides because another one is never met', () => {
    const [warning] = warnings(rules([0, 0], [0.5, 0.5]));
    expect(warning.advice).toContain('because exact gave every completion the same score');
  });

  test('decides when the others are satisfied: that is as it should be', () => {
    expect(warnings(rules([0.5, 0.5], [0.99, 0.1], 0.2))).toEqual([]);
  });

  test('decides while completions keep clear of a penalty: that is as it should be too', () => {
    const penalised = (score: number) => ({
      ...rules([0.5, 0.5], [score, 0.05]),
      run: grpoRun({
        rewards: [
          { type: 'answer_match', name: 'exact' },
          { type: 'repetition', name: 'tagged' },
        ],
      }),
    });
    expect(warnings(penalised(-0.01))).toEqual([]);
    expect(codes(warnings(penalised(-0.5)))).toEqual(['one_rule_dominates']);
  });

  test('shares the variance', () => {
    expect(warnings(rules([0.5, 0.5], [0.5, 0.5], 0.5))).toEqual([]);
  });
});

describe('spikes', () => {
  test('of the loss', () => {
    const [warning] = of('loss', [...times(6, 0.02), -0.9, 0.02, 0.5]);
    expect(warning).toMatchObject({
      code: 'loss_spike',
      evidence:
        'The loss was -0.9 in step 7, where 0.02 was usual (the median of up to 20 steps before), the largest of 2 such jumps.',
      steps: { first: 7, last: 9 },
    });
  });

  test('of the loss: not from zero to little', () => {
    expect(of('loss', [...times(6, 0.0001), 0.05])).toEqual([]);
  });

  test('of the gradient, also in supervised fine-tuning', () => {
    const values = [...times(6, 0.4), 0, 0, 0, 6];
    expect(codes(of('grad_norm', values))).toEqual(['gradient_spike']);
    const [warning] = of('grad_norm', values, { run: sftRun({ max_grad_norm: 0 }) });
    expect(warning.advice).toContain('set max_grad_norm to 1 (now 0, off)');
  });

  test('of the gradient: neither below the clipping limit, nor too early, nor small', () => {
    expect(of('grad_norm', [...times(6, 0.05), 0.9])).toEqual([]);
    expect(of('grad_norm', [0.1, 0.1, 0.1, 9])).toEqual([]);
    expect(of('grad_norm', [...times(6, 0.4), 3.9])).toEqual([]);
    expect(of('grad_norm', [...times(5, 0.4), ...times(6, 0), 3])).toEqual([]);
  });
});

test('the note says what was looked for and what cannot be judged yet', () => {
  const grpo = { run: grpoRun(), step: 9 };
  expect(warningsNote(grpo, [])).toMatch(
    /^None in 9 steps, looked for: groups without.*Trends are judged from 10 steps on\.$/,
  );
  expect(warningsNote({ ...grpo, step: 10 }, [])).not.toContain('Trends');
  expect(warningsNote({ run: sftRun(), step: 1 }, [])).toBe(
    'None in 1 step, looked for: spikes of the loss and of the gradient.',
  );
});
