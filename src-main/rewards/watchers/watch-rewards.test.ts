import { describe, expect, test } from 'vitest';
import { grpoConfigSchema } from '../../contract/config.ts';
import { watchRewards } from './watch-rewards.ts';

const rules: object[] = [
  { name: 'accuracy', type: 'answer_match' },
  { name: 'format', type: 'format' },
];
const configOf = (rewards = rules) => grpoConfigSchema.parse({ model: 'm', dataset: 'd', rewards });

/** A healthy run of 40 steps, with what is to be different. */
function watch(change: Record<string, (step: number) => number | null>, rewards = rules) {
  const metrics: Record<string, (step: number) => number | null> = {
    reward: () => 1,
    'rewards/accuracy/mean': () => 0.5,
    'rewards/accuracy/std': () => 0.4,
    'rewards/format/mean': () => 0.5,
    'rewards/format/std': () => 0.4,
    'completions/mean_length': (step) => 40 + (step % 3),
    'completions/duplicates': () => 0.2,
    ...change,
  };
  const series = (name: string) =>
    Array.from({ length: 40 }, (_, i) => ({ step: i + 1, value: metrics[name]?.(i + 1) ?? NaN })).filter(
      ({ value }) => !Number.isNaN(value),
    );
  return watchRewards(configOf(rewards), series);
}

const codes = (...parameters: Parameters<typeof watch>) => watch(...parameters).map(({ code }) => code);

test('a healthy run raises nothing', () => {
  expect(watch({})).toEqual([]);
});

describe('a rule that never fires', () => {
  const never = { 'rewards/format/mean': () => 0, 'rewards/format/std': () => 0 };

  test('is told when it always gives 0, or applies to nothing', () => {
    const [warning] = watch({ ...never, 'rewards/accuracy/std': () => 0 }).filter(({ code }) => code === 'silent_rule');
    expect(warning.title).toBe('Rule format never fired');
    expect(warning.evidence).toBe('In steps 21 to 40 format gave every completion 0.');
    expect(watch({ 'rewards/format/mean': () => null, 'rewards/format/std': () => null })[0].evidence).toBe(
      'In steps 21 to 40 format applied to no completion.',
    );
  });

  test('is none when it fired once, or takes away only, or is switched off', () => {
    expect(codes({ ...never, 'rewards/format/mean': (step) => Number(step === 30) })).not.toContain('silent_rule');
    const penalty = { name: 'format', type: 'repetition' };
    expect(codes(never, [rules[0], penalty])).not.toContain('silent_rule');
    expect(codes(never, [rules[0], { ...rules[1], enabled: false }])).toEqual([]);
  });
});

describe('drifting length', () => {
  const grows = { 'completions/mean_length': (step: number) => 20 + 2 * step };

  test('is told with what the outcome did meanwhile', () => {
    const [warning] = watch(grows);
    expect(warning).toMatchObject({ code: 'length_drift', title: 'Completions get longer, not better' });
    expect(warning.evidence).toBe(
      'From steps 1 to 10 to steps 31 to 40 their mean length went from 31 to 91 tokens. Meanwhile rule accuracy went from 0.5 to 0.5.',
    );
    expect(watch({ 'completions/mean_length': (step) => 100 - 2 * step })[0].title).toMatch(/shorter/);
  });

  test('is none where the outcome gets better for it, or a few tokens make it', () => {
    expect(codes({ ...grows, 'rewards/accuracy/mean': (step) => 0.3 + step / 100 })).toEqual([]);
    expect(codes({ 'completions/mean_length': (step) => 4 + step / 8 })).toEqual([]);
  });
});

describe('copies within groups', () => {
  const from = (first: number) => ({ 'completions/duplicates': (step: number) => (step >= first ? 0.9 : 0) });
  const copies = from(21);

  test('are told when the outcome stays where it is, with what it did', () => {
    const [warning] = watch(copies);
    expect(warning.code).toBe('duplicate_completions');
    expect(warning.evidence).toBe(
      'In steps 21 to 40 90% of the completions after the first of their group were copies of an earlier one, and rule accuracy went from 0.5 to 0.5. It lasts up to the newest step.',
    );
    expect(codes({ ...copies, 'rewards/accuracy/mean': (step) => 0.8 - step / 100 })).toEqual([
      'duplicate_completions',
    ]);
  });

  test('are none while the outcome rises, or everything is right, or there were few steps of them', () => {
    const rising = (step: number) => 0.3 + step / 100 + (step % 4) / 20; // with noise
    expect(codes({ ...copies, 'rewards/accuracy/mean': rising })).toEqual([]);
    expect(codes({ ...copies, 'rewards/accuracy/mean': () => 1 })).toEqual([]);
    expect(codes(from(22))).toEqual([]);
  });

  test('are told again once the outcome has stopped rising', () => {
    const rises = (step: number) => Math.min(step, 20) / 40;
    expect(codes({ ...from(1), 'rewards/accuracy/mean': rises })).toEqual([]);
    expect(codes({ ...copies, 'rewards/accuracy/mean': rises })).toEqual(['duplicate_completions']);
  });

  test('are held against the reward where the outcome applies to nothing', () => {
    const unscored = { ...copies, 'rewards/accuracy/mean': () => null, 'rewards/accuracy/std': () => null };
    expect(codes(unscored)).toContain('duplicate_completions');
    expect(codes({ ...unscored, reward: (step) => step / 40 })).not.toContain('duplicate_completions');
  });
});

test('a rule that is scored as a metric only explains nothing of the reward, but can be the outcome', () => {
  const metric = [{ ...rules[0], metric_only: true }, rules[1]];
  const alone = { 'rewards/accuracy/std': () => 0.01, 'rewards/accuracy/mean': () => 0.1 };
  expect(codes(alone)).toEqual(['one_rule_dominates']);
  expect(codes(alone, metric)).toEqual([]);
  const collects = { reward: (step: number) => step / 40, 'rewards/format/mean': (step: number) => step / 40 };
  expect(codes(collects, metric)).toContain('accuracy_flat');
});
