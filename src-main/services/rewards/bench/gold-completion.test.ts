import { describe, expect, test } from 'vitest';
import { rewardRuleSchema, type RewardRule } from '../../../contract/reward-rules.ts';
import { rulesOfPreset, type RewardPresetName } from '../../../rewards/presets.ts';
import { benchDataset } from './bench-dataset.ts';
import { benchText } from './bench-text.ts';
import { goldCompletion } from './gold-completion.ts';
import { solveCountdown } from './solve-countdown.ts';

const rule = (settings: object): RewardRule => rewardRuleSchema.parse({ name: 'rule', ...settings });
const matching = (extract: object, change: object = {}) => rule({ type: 'answer_match', extract, ...change });
const rowOf = (columns: Record<string, unknown>) => ({ index: 0, prompt: 'p', columns });

describe('the right answer as the extraction wants it', () => {
  test.each<[string, RewardRule[], Record<string, unknown>, string]>([
    ['the whole text', [rule({ type: 'answer_match' })], { answer: 'Paris' }, 'Paris'],
    ['a tag', [matching({ type: 'tag', tag: 'result' })], { answer: 7 }, '<result>7</result>'],
    ['a box', [matching({ type: 'boxed' })], { answer: '7' }, '\\boxed{7}'],
    ['a marker', [matching({ type: 'after' })], { answer: '7' }, '#### 7'],
    ['a pattern', [matching({ type: 'regex', pattern: 'Answer:\\s*(\\d+)\\.?$' })], { answer: '7' }, 'Answer:7'],
    ['JSON', [matching({ type: 'json_path', path: 'a[1].b' })], { answer: '7' }, '{"a":[null,{"b":7}]}'],
    [
      'a box in a tag',
      [matching({ type: 'chain', steps: [{ type: 'tag', tag: 'answer' }, { type: 'boxed' }] })],
      { answer: 7 },
      '<answer>\\boxed{7}</answer>',
    ],
    ['one of several', [rule({ type: 'answer_match', compare: 'one_of' })], { answer: 'a, b' }, 'a'],
    ['a set', [rule({ type: 'answer_match', compare: 'set' })], { answer: ['a', 'b'] }, 'a,b'],
    [
      'a unit',
      [rule({ type: 'answer_match', compare: 'numeric', unit: 'km', unit_required: true })],
      { answer: 3 },
      '3 km',
    ],
    ['less', [rule({ type: 'column_compare', operator: '<' })], { answer: 3 }, '2'],
    [
      'its own tag and the form',
      [matching({ type: 'tag', tag: 'answer' }), rule({ name: 'form', type: 'format' })],
      { answer: 3 },
      '<think>…</think>\n<answer>3</answer>',
    ],
    [
      'a box and the form',
      [matching({ type: 'boxed' }), rule({ name: 'form', type: 'format' })],
      { answer: 3 },
      '<think>…</think>\n<answer>\\boxed{3}</answer>',
    ],
    [
      'a box, a tag and the form',
      [
        matching({ type: 'tag', tag: 'answer' }),
        rule({ name: 'b', type: 'math' }),
        rule({ name: 'form', type: 'format' }),
      ],
      { answer: 3 },
      '<think>\\boxed{3}</think>\n<answer>3</answer>',
    ],
    [
      'tags on lines',
      [matching({ type: 'answer_part' }), rule({ name: 'form', type: 'format', newlines: 'strict' })],
      { answer: 3 },
      '<think>\n…\n</think>\n<answer>\n3\n</answer>',
    ],
    [
      'wanted words',
      [matching({ type: 'last_number' }), rule({ name: 'words', type: 'contains', texts: ['because'] })],
      { answer: 3 },
      'because\n3',
    ],
    ['a completion of its own', [matching({ type: 'boxed' })], { answer: 3, completion: 'Three.' }, 'Three.'],
  ])('%s', async (_, rules, columns, text) => {
    expect(goldCompletion(rules, rowOf(columns))).toEqual({ text });
    const { gold } = await benchDataset(rules, [rowOf(columns)]);
    expect(gold.perfect).toBe('completion' in columns ? 0 : 1);
  });

  test('says why there is none', () => {
    const missing = (rules: RewardRule[], columns = {}) => goldCompletion(rules, rowOf(columns));
    expect(missing([rule({ type: 'math' })])).toEqual({
      missing: 'rule: the row has no text or number in column "answer"',
    });
    expect(missing([matching({ type: 'regex', pattern: '(?:a|b)(\\d)' })], { answer: 1 })).toEqual({
      missing: 'rule: no text is known from which its extraction takes the answer',
    });
    expect(missing([rule({ type: 'math', extract_expected: { type: 'after' } })], { answer: 'x' })).toHaveProperty(
      'missing',
    );
    expect(missing([rule({ type: 'math' })], { solution: 'It is 3.' })).toEqual({ text: 'It is 3.' });
  });
});

describe('presets give a perfect answer their maximum', () => {
  const sums = { answer: '42', solution: 'So $\\boxed{42}$.', nums: [3, 5, 7, 2], target: 42 };
  test.each<[RewardPresetName, Record<string, unknown>]>([
    ['arithmetic', sums],
    ['gsm8k', { answer: '6 * 7 = 42\n#### 42' }],
    ['countdown', sums],
    ['reverse_text', { answer: 'cba' }],
    ['format_only', {}],
    ['json_extraction', { answer: '{"b": 1, "a": [2]}' }],
    ['trl.accuracy_reward', sums],
    ['trl.reasoning_accuracy_reward', sums],
    ['trl.think_format_reward', {}],
    ['trl.get_cosine_scaled_reward', sums],
    ['open_r1.accuracy_reward', sums],
    ['open_r1.format_reward', {}],
    ['open_r1.tag_count_reward', {}],
  ])('%s', async (name, columns) => {
    const { gold, findings } = await benchDataset(rulesOfPreset(name), [rowOf(columns)]);
    expect(gold).toMatchObject({ perfect: 1, unwritten: 0, imperfect: [] });
    expect(gold.judged.length).toBeGreaterThan(0);
    expect(findings).toEqual([]);
  });
});

test('code is perfect where the row has a solution', async () => {
  const columns = { tests: [{ call: 'add(1, 2)', expected: 3 }], solution: 'const add = (a, b) => a + b;' };
  const { gold } = await benchDataset(
    [rule({ type: 'code_tests' })],
    [rowOf(columns), rowOf({ tests: columns.tests })],
  );
  expect(gold).toMatchObject({ perfect: 1, unwritten: 1 });
  expect(gold.reasons).toEqual(['rule: the row has no column "solution" with code that passes its tests']);
});

test.each([
  [[1, 2, 3], 7, 'all', true],
  [[4, 4, 10, 10], 24, 'all', true],
  [[1, 1, 1], 100, 'some', false],
  [[5, 100], 100, 'some', true],
  [[5, 100], 100, 'all', false],
] as const)('countdown of %j to %j with %s', async (nums, target, use, solved) => {
  const text = solveCountdown(nums, target, use);
  expect(text !== null).toBe(solved);
  if (text === null) return;
  const game = rule({ type: 'countdown', use, extract: { type: 'text' } });
  const { samples } = await benchText([game], [text], rowOf({ nums, target }));
  expect(samples[0].completions[0].reward).toBe(1);
});
