import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { StudioError } from '../contract/errors.ts';
import { rewardRuleSchema } from '../contract/reward-rules.ts';
import { compileRules } from './compile-rules.ts';
import { compilePointwise, type PointwiseRule } from './rule-types.ts';
import type { ScoredCompletion, Verdict } from './rule.ts';

type RuleInput = z.input<typeof rewardRuleSchema>;

const compile = (...rules: RuleInput[]) => compileRules(rules.map((rule) => rewardRuleSchema.parse(rule)));
const said = (text: string, tokens: number[] = []) => ({ text, tokens });
const row = (columns: Record<string, unknown>) => ({ index: 0, prompt: 'p', columns });

/** What one rule that scores at once says of a completion. */
function verdict(rule: RuleInput, completion: ScoredCompletion, columns: Record<string, unknown> = {}): Verdict {
  return compilePointwise(rewardRuleSchema.parse(rule) as PointwiseRule, 'rewards.0')(completion, row(columns));
}

/** Its score and explanation. */
function judge(rule: RuleInput, completion: string, columns: Record<string, unknown> = {}): [number | null, string] {
  const { score, why } = verdict(rule, said(completion), columns);
  return [score, why];
}

describe('answer_match', () => {
  const exact: RuleInput = { name: 'accuracy', type: 'answer_match' };
  const numeric: RuleInput = { ...exact, compare: 'numeric', extract: { type: 'last_number' } };

  test('compares texts without the white space around them', () => {
    expect(judge(exact, ' Paris\n', { answer: 'Paris ' })).toEqual([1, 'extracted "Paris", expected "Paris": equal']);
    expect(judge(exact, 'paris', { answer: 'Paris' })).toEqual([0, 'extracted "paris", expected "Paris": not equal']);
    expect(judge(exact, '42', { answer: 42 })[0]).toBe(1);
    expect(judge(exact, 'true', { answer: true })[0]).toBe(1);
  });

  test('compares numbers by value', () => {
    expect(judge(numeric, 'So it is $1,234.50', { answer: '1234.5' })).toEqual([
      1,
      'extracted 1234.5, expected 1234.5: equal',
    ]);
    expect(judge(numeric, 'I say 41', { answer: 42 })).toEqual([0, 'extracted 41, expected 42: not equal']);
    expect(judge({ ...numeric, extract: { type: 'text' } }, 'forty', { answer: 42 })).toEqual([
      0,
      'extracted "forty", which is not a number; expected 42',
    ]);
  });

  test('accepts a difference up to the tolerance', () => {
    const close: RuleInput = { ...numeric, tolerance: 0.01 };
    expect(judge(close, '1.01', { answer: 1 })).toEqual([1, 'extracted 1.01, expected 1: equal within 0.01']);
    expect(judge(close, '0.99', { answer: 1 })[0]).toBe(1);
    expect(judge(close, '1.011', { answer: 1 })).toEqual([0, 'extracted 1.011, expected 1: not equal within 0.01']);
    expect(judge(numeric, '1000000000001', { answer: 1000000000000 })[0]).toBe(0);
  });

  test('takes the right answer out of a column', () => {
    const gsm8k: RuleInput = { ...numeric, extract_expected: { type: 'after' } };
    expect(judge(gsm8k, '#### 42', { answer: '6 * 7 = 41\n#### 1,042' })).toEqual([
      0,
      'extracted 42, expected 1042: not equal',
    ]);
    expect(judge(gsm8k, '42', { answer: '42' })).toEqual([null, 'not applicable: no #### in column "answer"']);
  });

  test('does not apply without a right answer', () => {
    expect(judge(exact, '42')).toEqual([null, 'not applicable: the row has no column "answer"']);
    expect(judge({ ...exact, column: 'toString' }, '42')[0]).toBeNull();
    expect(judge(exact, '42', { answer: null })).toEqual([null, 'not applicable: column "answer" holds null']);
    expect(judge(exact, '42', { answer: ['42'] })).toEqual([null, 'not applicable: column "answer" holds a list']);
    expect(judge(numeric, '42', { answer: 'many' })).toEqual([
      null,
      'not applicable: "many" in column "answer" is not a number',
    ]);
  });

  test('shortens long texts', () => {
    const [, why] = judge(exact, 'x'.repeat(500), { answer: 'a\nb' });
    expect(why).toBe(`extracted "${'x'.repeat(59)}…", expected "a\\nb": not equal`);
  });
});

describe('extraction', () => {
  const from = (extract: RuleInput extends infer R ? (R extends { extract?: infer E } ? E : never) : never) => {
    const rule: RuleInput = { name: 'r', type: 'answer_match', extract };
    return (completion: string, answer: string) => judge(rule, completion, { answer });
  };

  test('of a tag takes the last one that is closed', () => {
    const match = from({ type: 'tag', tag: 'answer' });
    expect(match('<answer>1</answer> no: <answer>\n2 </answer> or <answer>3', '2')[0]).toBe(1);
    expect(match('<answer>1</answer> </answer>', '1')[0]).toBe(1);
    expect(match('<answer>1 <answer>2</answer>', '2')[0]).toBe(1);
    expect(match('<answer>1', '1')).toEqual([0, 'no <answer> tag in the completion']);
    expect(match('</answer><answer>', '')).toEqual([0, 'no <answer> tag in the completion']);
  });

  test('of a regular expression takes a group of the first match', () => {
    const match = from({ type: 'regex', pattern: 'x=(\\d+)|y=(.*)z' });
    expect(match('x=1 x=2', '1')[0]).toBe(1);
    expect(match('y=1\nz', '1')).toEqual([0, 'nothing in group 1 of /x=(\\d+)|y=(.*)z/ in the completion']);
    expect(match('q', '1')).toEqual([0, 'no match of /x=(\\d+)|y=(.*)z/ in the completion']);
    expect(from({ type: 'regex', pattern: '(?<n>y)=(.*)z', group: 2 })('y=1\nz', '1')[0]).toBe(1);
    expect(from({ type: 'regex', pattern: '\\d+', group: 0 })('a 12 b', '12')[0]).toBe(1);
  });

  test('after a marker takes the rest of its line', () => {
    const match = from({ type: 'after', marker: '####' });
    expect(match('#### 1\n#### 2\nthe end', '2')[0]).toBe(1);
    expect(match('2', '2')).toEqual([0, 'no #### in the completion']);
  });

  test('of the last number reports when there is none', () => {
    expect(from({ type: 'last_number' })('none', '1')).toEqual([0, 'no number in the completion']);
  });
});

describe('regex', () => {
  test('asks for a match in the extracted text', () => {
    const rule: RuleInput = { name: 'r', type: 'regex', pattern: '^\\s*a.b' };
    expect(judge(rule, ' a\nb c')).toEqual([1, '/^\\s*a.b/ matches " a\\nb"']);
    expect(judge(rule, 'xab')).toEqual([0, 'no match of /^\\s*a.b/ in "xab"']);
    expect(judge({ ...rule, extract: { type: 'tag', tag: 't' } }, 'a b')).toEqual([0, 'no <t> tag in the completion']);
  });
});

describe('format', () => {
  const rule: RuleInput = { name: 'format', type: 'format' };

  test('accepts the tags in order with white space around them', () => {
    const [score, why] = judge(rule, '\n<think>\na\n</think>\n<answer>42</answer>\n');
    expect(score).toBe(1);
    expect(why).toBe('the completion has the form <think>…</think><answer>…</answer>');
  });

  test.each([
    ['42', 'no <think> in the completion'],
    ['<think>a<answer>b</answer>', 'no </think> in the completion'],
    ['<think>a</think><answer>b</answer><answer>c</answer>', '<answer> appears 2 times'],
    ['</think>a<think><answer>b</answer>', '</think> comes before <think>'],
    ['<answer>b</answer><think>a</think>', 'text before <think>: "<answer>b</answer>"'],
    ['<think>a<answer>b</answer></think>', '<answer> is not after the tags before it'],
    ['well <think>a</think><answer>b</answer>', 'text before <think>: "well"'],
    ['<think>a</think> so <answer>b</answer>', 'text before <answer>: "so"'],
    ['<think>a</think><answer>b</answer> done', 'text after </answer>: "done"'],
  ])('refuses %j', (completion, why) => {
    expect(judge(rule, completion)).toEqual([0, why]);
  });
});

describe('compileRules', () => {
  test.each<[string, RuleInput[], string, string]>([
    [
      'a pattern that is no regular expression',
      [{ name: 'a', type: 'regex', pattern: '(' }],
      'rewards.0.pattern',
      'missing closing ): `(`',
    ],
    [
      'such a pattern in an extraction',
      [
        { name: 'a', type: 'format' },
        { name: 'b', type: 'answer_match', extract: { type: 'regex', pattern: '[' } },
      ],
      'rewards.1.extract.pattern',
      'missing closing ]',
    ],
    [
      'a group that the pattern does not have',
      [{ name: 'a', type: 'answer_match', extract_expected: { type: 'regex', pattern: '(a)|(b)', group: 3 } }],
      'rewards.0.extract_expected.group',
      'only 2 capture groups',
    ],
    [
      'a pattern without groups',
      [{ name: 'a', type: 'answer_match', extract: { type: 'regex', pattern: '\\d+' } }],
      'rewards.0.extract.group',
      'no capture group; group 0 is the whole match',
    ],
    [
      'two rules of the same name',
      [
        { name: 'a', type: 'format' },
        { name: 'a', type: 'regex', pattern: 'x' },
      ],
      'rewards.1.name',
      'rewards.0 and rewards.1 are both named "a"',
    ],
    ['a tag listed twice', [{ name: 'a', type: 'format', tags: ['t', 't'] }], 'rewards.0.tags', 'lists "t" twice'],
  ])('refuses %s', async (_, rules, field, message) => {
    let error: unknown;
    try {
      await compile(...rules);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ code: 'reward_invalid', where: { field } });
    expect((error as StudioError).message).toContain(message);
  });
});

describe("TRL's own functions (e2e/golden holds them to TRL's values)", () => {
  const score = (rule: RuleInput, text: string, tokens: number[] = []) => verdict(rule, said(text, tokens));

  test('think_format wants one <think> block at the start', () => {
    const rule: RuleInput = { name: 'r', type: 'think_format' };
    expect(score(rule, '<think>a</think>b').score).toBe(1);
    expect(score(rule, ' <think>a</think>b')).toMatchObject({
      score: 0,
      why: 'the completion does not start with <think>',
    });
    expect(score(rule, '<think>a<think>b</think>').why).toBe('a second <think> follows the first');
    expect(score(rule, '<think>a').why).toBe('no </think> in the completion');
  });

  test('soft_overlong falls from 0 to −1 over the cache', () => {
    const rule: RuleInput = { name: 'r', type: 'soft_overlong', max_length: 20, cache: 5 };
    const at = (length: number) =>
      score(
        rule,
        '',
        Array.from({ length }, () => 1),
      ).score;
    expect([0, 15, 16, 20, 21].map(at)).toEqual([0, 0, -0.2, -1, -1]);
    expect(() => score({ ...rule, cache: 21 }, '')).toThrow(
      'rewards.0.cache (21) must not be longer than max_length (20)',
    );
  });

  test('repetition counts n-grams of tokens that came before', () => {
    const rule: RuleInput = { name: 'r', type: 'repetition', ngram_size: 2 };
    expect(score(rule, '', [1, 2, 1, 2, 1, 2]).score).toBeCloseTo(-0.6, 12);
    expect(score(rule, '', [1]).score).toBe(0);
    expect(score(rule, '', [5, 5, 5]).why).toBe('1 of 2 2-grams of tokens repeats an earlier one');
  });
});
