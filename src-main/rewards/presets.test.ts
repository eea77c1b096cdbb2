/** Presets are valid rule sets, and those named after functions of TRL and open-r1 score as these do. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rewardRuleSchema, type RewardRule } from '../contract/reward-rules.ts';
import { compileRules } from './compile-rules.ts';
import { rewardPresets, rulesOfPreset, type RewardPresetName } from './presets.ts';

interface Length {
  completions: { text: string; tokens: number }[];
  trl_cosine: number[];
  open_r1_cosine: number[];
  open_r1_len: number[];
}

const reference = JSON.parse(
  readFileSync(new URL('./fixtures/reference-rewards.json', import.meta.url), 'utf8'),
) as Record<RewardPresetName, number[]> & { texts: string[]; length: Length };

async function scores(
  rules: RewardRule[],
  completions: { text: string; tokens: number | number[] }[],
  columns: Record<string, unknown> = {},
): Promise<(number | null)[][]> {
  const scorer = await compileRules(rules);
  const row = { index: 0, prompt: 'p', columns };
  const said = completions.map(({ text, tokens }) => ({
    text,
    tokens: typeof tokens === 'number' ? new Int32Array(tokens) : tokens,
  }));
  const [group] = await scorer.scoreGroups([{ prompt: 'p', row, completions: said }]);
  scorer.dispose();
  return group.map((completion) => completion.scores.map(({ score }) => score));
}

const names = Object.keys(rewardPresets) as RewardPresetName[];

test.each(names)('%s is a set of valid rules', async (name) => {
  const scorer = await compileRules(rulesOfPreset(name));
  expect(scorer.names.length).toBeGreaterThan(0);
  scorer.dispose();
});

describe('functions of the text', () => {
  const functions = [
    'trl.think_format_reward',
    'open_r1.format_reward',
    'open_r1.code_format_reward',
    'open_r1.tag_count_reward',
    'open_r1.reasoning_steps_reward',
    'open_r1.get_repetition_penalty_reward',
  ] as const;

  test.each(functions)('%s has the values of the original', async (name) => {
    const completions = reference.texts.map((text) => ({ text, tokens: 0 }));
    const got = (await scores(rulesOfPreset(name), completions)).map(([score]) => score! + 0); // −0 is 0
    expect(got).toEqual(reference[name].map((score) => score + 0));
    expect(new Set(got).size).toBeGreaterThan(1);
  });
});

describe('functions of length and correctness', () => {
  const { completions, trl_cosine, open_r1_cosine, open_r1_len } = reference.length;
  const correct = { type: 'answer_match', extract: { type: 'regex', pattern: '(\\d\\d)$' } };
  const withCheck = (name: RewardPresetName, settings: object) =>
    rulesOfPreset(name).map((rule) => rewardRuleSchema.parse({ ...rule, ...settings, correct }));

  test.each([
    ['trl.get_cosine_scaled_reward', trl_cosine, { max_length: 20 }],
    ['open_r1.get_cosine_scaled_reward', open_r1_cosine, { max_length: 20 }],
    ['open_r1.len_reward', open_r1_len, {}],
  ] as const)('%s has the values of the original', async (name, wanted, settings) => {
    const got = await scores(withCheck(name, settings), completions, { answer: '42' });
    got.forEach(([score], index) => expect(score).toBeCloseTo(wanted[index], 12));
  });
});

/**
 * Values of TRL 1.13.0; open-r1's punishment is the same function. Printed by Python with `from trl.rewards import *`:
 *
 *     get_soft_overlong_punishment(256, 64)([[1] * n for n in (0, 192, 193, 224, 256, 257)])
 *     get_soft_overlong_punishment(16384, 4096)([[1] * n for n in (0, 12288, 12289, 14336, 16384, 16385)])
 *     get_repetition_penalty_reward()([[], [1, 2], [1, 2, 3], [1] * 4, [5] * 9, [1, 2, 3, 1, 2, 3, 1], [1, 2] * 4])
 */
describe('functions of the tokens', () => {
  const ones = (...lengths: number[]) => lengths.map((length) => Array.from({ length }, () => 1));

  test.each<[RewardPresetName, number[][], number[]]>([
    ['trl.get_soft_overlong_punishment', ones(0, 192, 193, 224, 256, 257), [0, 0, -0.015625, -0.5, -1, -1]],
    [
      'open_r1.get_soft_overlong_punishment',
      ones(0, 12_288, 12_289, 14_336, 16_384, 16_385),
      [0, 0, -0.000244140625, -0.5, -1, -1],
    ],
    [
      'trl.get_repetition_penalty_reward',
      [
        [],
        [1, 2],
        [1, 2, 3],
        [1, 1, 1, 1],
        [5, 5, 5, 5, 5, 5, 5, 5, 5],
        [1, 2, 3, 1, 2, 3, 1],
        [1, 2, 1, 2, 1, 2, 1, 2],
      ],
      [0, 0, 0, -0.5, -0.8571428571428572, -0.4, -0.6666666666666667],
    ],
  ])('%s has the values of the original', async (name, tokens, wanted) => {
    const completions = tokens.map((ids) => ({ text: '', tokens: ids }));
    const got = (await scores(rulesOfPreset(name), completions)).map(([score]) => score! + 0); // −0 is 0
    got.forEach((score, index) => expect(score).toBeCloseTo(wanted[index], 12));
  });
});

/** The values that TRL's documentation of these functions gives; open-r1's is the same but for settings of math-verify. */
test.each<[RewardPresetName, string, number | null]>([
  ['trl.accuracy_reward', 'My answer is \\boxed{\\frac{1}{3}}', 1],
  ['trl.accuracy_reward', 'My answer is \\boxed{\\frac{1}{2}}', 0],
  ['trl.reasoning_accuracy_reward', '<think> Reasoning content </think> The final answer is \\boxed{\\frac{1}{3}}', 1],
  ['trl.reasoning_accuracy_reward', '<think> Reasoning content </think> The final answer is \\boxed{\\frac{1}{2}}', 0],
  [
    'trl.reasoning_accuracy_reward',
    '<think> Reasoning content with partial answers \\boxed{\\frac{1}{3}} but no final answer',
    0,
  ],
  ['open_r1.accuracy_reward', 'My answer is \\boxed{\\frac{2}{6}}', 1],
  ['open_r1.accuracy_reward', 'My answer is \\boxed{\\frac{1}{2}}', 0],
])('%s of %j is %d', async (name, text, wanted) => {
  const got = await scores(rulesOfPreset(name), [{ text, tokens: [] }], { solution: '\\frac{1}{3}' });
  expect(got).toEqual([[wanted]]);
});

test.each<RewardPresetName>(['trl.accuracy_reward', 'open_r1.accuracy_reward'])(
  '%s has no score where the solution cannot be read',
  async (name) => {
    expect(await scores(rulesOfPreset(name), [{ text: '\\boxed{1}', tokens: [] }], { solution: '' })).toEqual([[null]]);
  },
);

test.each<[RewardPresetName, string, Record<string, unknown>, number[]]>([
  ['arithmetic', '<think>6+7=13</think><answer>13</answer>', { answer: 13 }, [1, 1]],
  ['arithmetic', '13', { answer: 13 }, [0, 0]],
  ['gsm8k', 'So 6 * 7 is $1,042.', { answer: 'because\n#### 1042' }, [1, 0.9]],
  ['countdown', '<think>?</think><answer>55 * 2</answer>', { nums: [2, 55], target: 110 }, [1, 1]],
  ['reverse_text', '<answer>cba</answer>', { answer: 'cba' }, [1, 1]],
  ['reverse_text', 'cbb', { answer: 'cba' }, [0, 2 / 3]],
  ['format_only', '<think>a</think><answer>b', {}, [0, 0.75]],
  ['json_extraction', 'Here: {"b": 2, "a": 1}', { answer: '{"a": 1, "b": 2}' }, [1, 1, 1]],
])('%s scores %j', async (name, text, columns, wanted) => {
  const [got] = await scores(rulesOfPreset(name), [{ text, tokens: 0 }], columns);
  got.forEach((score, index) => expect(score).toBeCloseTo(wanted[index], 12));
});
