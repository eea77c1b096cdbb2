/** Patterns, schemas, expressions and texts that are made to take forever or to break out: each ends with a verdict or a refusal. */
import { expect, test } from 'vitest';
import { StudioError } from '../contract/errors.ts';
import { rewardRuleSchema, type RuleOf } from '../contract/reward-rules.ts';
import type { Rule } from './cases/rule-case.ts';
import { exponentialSchema, hostilePatterns } from './fixtures/hostile-patterns.ts';
import { compileLanguage } from './language.ts';
import { compilePointwise, isPointwise } from './rule-types.ts';

function judge(rule: Rule, text: string, columns: Record<string, unknown> = {}) {
  const parsed = rewardRuleSchema.parse({ ...rule, name: 'rule' });
  if (!isPointwise(parsed)) throw new Error(`${parsed.type} is not pointwise`);
  return compilePointwise(parsed, 'rewards.0')({ text, tokens: [] }, { index: 0, prompt: 'p', columns });
}

const long = 30_000;

test.each(hostilePatterns)('the pattern /%s/ takes linear time', (pattern, text, score) => {
  expect(judge({ type: 'regex', pattern }, text).score).toBe(score);
  expect(judge({ type: 'pattern_count', pattern }, text).score).not.toBeNull();
});

test.each([
  ['(?=a)b', 'lookahead and lookbehind'],
  ['a(?!b)', 'lookahead and lookbehind'],
  ['(?<=a)b', 'lookahead and lookbehind'],
  ['(?<!a)b', 'lookahead and lookbehind'],
  ['(a+)\\1', 'backreferences such as \\1'],
  ['(?<n>a)\\k<n>', 'backreferences'],
  ['(', 'missing closing )'],
  ['a{1000}{1000}{1000}', 'invalid nested rep'],
  ['(((a{100}){100}){100}){100}', 'repeat'],
  ['('.repeat(1000) + ')'.repeat(1000), 'nest'],
  ['a{1000}b{1000}'.repeat(140), 'too large'],
  ['a'.repeat(20_000), 'a pattern of more than 2000 characters'],
])('the pattern /%s/ is refused', (pattern, reason) => {
  const error = thrownBy(() => judge({ type: 'regex', pattern }, 'a'));
  expect(error).toBeInstanceOf(StudioError);
  expect(error).toMatchObject({ code: 'reward_invalid', where: { field: 'rewards.0.pattern' } });
  expect((error as StudioError).message).toContain(reason);
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

const recursive = { $ref: '#/$defs/node', $defs: { node: { items: { $ref: '#/$defs/node' } } } };
const endless = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } };
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const objects = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ a: { b: index } })));

test.each<[string, Record<string, unknown>, string, number, string]>([
  ['2⁴⁰ checks', exponentialSchema, '{}', 0, 'took longer than'],
  ['a quadratic comparison', { uniqueItems: true }, objects, 0, 'took longer than'],
  ['a catastrophic pattern', { type: 'string', pattern: '^(a+)+$' }, `"${'a'.repeat(long)}!"`, 0, 'must match pattern'],
  [
    'such a pattern of names',
    { patternProperties: { '^(a|a)*b$': false } },
    `{"${'a'.repeat(long)}": 1}`,
    1,
    'keeps to',
  ],
  ['a schema over nested lists', recursive, deep(400), 1, 'keeps to'],
  ['nesting without end', recursive, deep(100_000), 0, 'no JSON'],
  ['a name of Object.prototype', { required: ['toString'] }, '{"a": 1}', 0, "'toString'"],
  ['__proto__ as data', { type: 'object', maxProperties: 1 }, '{"__proto__": {"polluted": true}}', 1, 'keeps to'],
])('a JSON schema with %s ends', (_, schema, text, score, why) => {
  const verdict = judge({ type: 'json_schema', schema }, text);
  expect(verdict.score).toBe(score);
  expect(verdict.why).toContain(why);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test.each<[string, Record<string, unknown>]>([
  ['a file', { $ref: 'file:///etc/passwd' }],
  ['another host', { $ref: 'http://127.0.0.1:1/schema.json' }],
  ['a reference to itself', endless],
  ['an unknown draft', { $schema: 'http://json-schema.org/draft-04/schema#' }],
  ['a type that is none', { type: 'evil' }],
  ['a lookahead', { pattern: '(?=a)' }],
  ['nesting without end', JSON.parse('{"not":'.repeat(4000) + '{}' + '}'.repeat(4000)) as Record<string, unknown>],
])('a JSON schema with %s is refused', (_, schema) => {
  expect(thrownBy(() => judge({ type: 'json_schema', schema }, '{}'))).toMatchObject({ code: 'reward_invalid' });
});

const countdown: Rule = { type: 'countdown', extract: { type: 'text' } };

test.each<[string, string, string]>([
  ['10000 brackets', '('.repeat(400) + '1' + ')'.repeat(400), 'nested deeper than 50'],
  ['a long expression', '1+'.repeat(5000) + '1', 'longer than 1000'],
  ['a large number', '9'.repeat(900), 'where a number belongs'],
  ['a power', '9**9**9', 'where a number belongs'],
  ['a call', 'require("fs")', 'where a number belongs'],
  ['only signs', '-'.repeat(900), 'nested deeper'],
  ['products of large numbers', Array.from({ length: 30 }, () => '9'.repeat(30)).join('*'), 'is not among'],
])('an expression with %s ends', (_, text, why) => {
  const verdict = judge(countdown, text, { nums: [1], target: 1 });
  expect(verdict.score).toBe(0);
  expect(verdict.why).toContain(why);
});

const extractions: [string, string][] = [
  ['open braces', '\\boxed{'.repeat(long)],
  ['backslashes', '\\'.repeat(long)],
  ['brackets', '['.repeat(long)],
  ['quotes in brackets', '["'.repeat(long)],
  ['fences', '```json\n{'.repeat(long / 10)],
  ['digits', '1,'.repeat(long)],
  ['one number', '1'.repeat(10 * long)],
  ['spaces', `${' '.repeat(long)}x`],
  ['a number and spaces', `1${' '.repeat(long)}x`],
  ['tags', '<answer>'.repeat(long) + '</answer>'.repeat(2)],
  ['fractions', '\\frac{'.repeat(long)],
  ['half of a surrogate pair', '\ud83d'.repeat(long)],
];

const types = ['tag', 'last_number', 'boxed', 'after', 'json_path', 'reasoning', 'answer_part', 'text'] as const;

test.each(extractions)('extractions and normalisation of many %s end', (_, text) => {
  for (const type of types) {
    const extract = type === 'tag' ? { type, tag: 'answer' } : { type };
    const normalise = [
      'latex',
      'latex_fractions',
      'percent',
      'digit_separators',
      'punctuation',
      'unit',
      'collapse_spaces',
    ] as const;
    for (const compare of ['exact', 'numeric', 'set'] as const) {
      const verdict = judge({ type: 'answer_match', extract, compare, normalise: [...normalise] }, text, {
        answer: '7',
      });
      expect(verdict.score).toBe(0);
    }
  }
});

test('the cost of similarity is bounded', () => {
  const [a, b] = ['ab '.repeat(100_000), 'ba '.repeat(100_000)];
  expect(judge({ type: 'similarity' }, a, { answer: b }).why).toContain('of the first 4000 characters');
  expect(judge({ type: 'similarity', measure: 'rouge_l' }, a, { answer: b }).why).toContain('of the first 800 words');
});

test('the cost of finding a language is bounded', async () => {
  const rule = rewardRuleSchema.parse({ name: 'rule', type: 'language', language: 'en' }) as RuleOf<'language'>;
  const score = await compileLanguage(rule, 'rewards.0');
  const text = 'the cat sat on the mat '.repeat(20_000);
  expect(score({ text, tokens: [] }, { index: 0, prompt: 'p', columns: {} }).score).toBe(1);
});
