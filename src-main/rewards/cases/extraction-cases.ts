/** Hand-checked cases of extractions, each through the rule that compares texts. */
import { casesOf, type Rule } from './rule-case.ts';

const answer = (right: unknown) => ({ answer: right });

type MatchRule = Extract<Rule, { type: 'answer_match' }>;

const from = (extract: NonNullable<MatchRule['extract']>): MatchRule => ({ type: 'answer_match', extract });

export const extractionCases = [
  ...casesOf(from({ type: 'regex', pattern: 'x=(\\d+)|y=(.*)z' }), [
    ['x=1 x=2', answer('1'), 1, '1'],
    ['y=1\nz', answer('1'), 0, undefined, 'nothing in group 1 of /x=(\\d+)|y=(.*)z/ in the completion'],
    ['q', answer('1'), 0, undefined, 'no match of /x=(\\d+)|y=(.*)z/ in the completion'],
  ]),
  ...casesOf(from({ type: 'regex', pattern: '(?<n>y)=(.*)Z', group: 2, ignore_case: true }), [
    ['y=1\nz', answer('1'), 1, '1\n'],
  ]),
  ...casesOf(from({ type: 'regex', pattern: '^b(.*)$', multiline: true, dot_all: false }), [
    ['a1\nb2\nb3', answer('2'), 1, '2'],
    ['ab', answer(''), 0],
  ]),
  ...casesOf(from({ type: 'regex', pattern: '😀(.)', group: 1 }), [['a😀é!', answer('é'), 1, 'é']]),
  ...casesOf(from({ type: 'after', marker: '####' }), [
    ['#### 1\n#### 2\nthe end', answer('2'), 1, ' 2'],
    ['####', answer(''), 1, ''],
    ['2', answer('2'), 0, undefined, 'no #### in the completion'],
  ]),
  ...casesOf(from({ type: 'boxed' }), [
    ['\\boxed{1} then \\boxed{2}', answer('2'), 1, '2'],
    ['\\boxed{\\frac{a}{b}}', answer('\\frac{a}{b}'), 1, '\\frac{a}{b}'],
    ['\\boxed{\\{1, 2\\}}', answer('\\{1, 2\\}'), 1],
    ['\\boxed{1} and \\boxed{2', answer('1'), 1, '1'],
    ['\\boxed{\\boxed{3}}', answer('3'), 1, '3'],
    ['$\\boxed 7$ it is', answer('7'), 1, '7'],
    ['\\fbox{8}', answer('8'), 1],
    ['boxed{1}', answer('1'), 0],
  ]),
  ...casesOf(from({ type: 'json_path', path: 'items[0].name' }), [
    ['{"items": [{"name": "Ann"}, {"name": "Bo"}]}', answer('Ann'), 1, '"Ann"'],
    ['Here:\n```json\n{"items": [{"name": "Ann"}]}\n```\ndone', answer('Ann'), 1, '"Ann"'],
    ['I think {"items": [{"name": "B\\u006f"}]} fits', answer('Bo'), 1, '"B\\u006f"'],
    ['{"items": []}', answer('Ann'), 0, undefined, 'no items[0] in the JSON in the completion'],
    ['{"items": {"0": 1}}', answer('Ann'), 0],
    ['{items: [}', answer('Ann'), 0, undefined, 'no JSON in the completion'],
  ]),
  ...casesOf(from({ type: 'json_path', path: '["odd key"][-1]' }), [
    ['{"odd key": [1, 2, 3.50]}', answer('3.5'), 1, '3.50'],
    ['{"x": "]", "odd key": ["[", {"a": 1}]}', answer('{"a":1}'), 1, '{"a": 1}'],
  ]),
  ...casesOf(from({ type: 'json_path' }), [
    ['{"b": 1, "a": [true, null]}', answer('{"a":[true,null],"b":1}'), 1],
    ['see [1] for {"a": 2} {not json}', answer('{"a":2}'), 1, '{"a": 2}'],
    ['{"__proto__": {"polluted": 1}}', answer('{"__proto__":{"polluted":1}}'), 1],
  ]),
  ...casesOf(from({ type: 'json_path', path: 'constructor' }), [['{"a": 1}', answer('x'), 0]]),
  ...casesOf(from({ type: 'reasoning' }), [
    ['<think>why</think>42', answer('why'), 1, 'why'],
    ['why</think>42', answer('why'), 1, 'why'],
    ['42', answer(''), 0, undefined, 'no </think> in the completion'],
  ]),
  ...casesOf(from({ type: 'answer_part' }), [
    ['<think>1</think> 42', answer('42'), 1, ' 42'],
    ['<think>1</think> so <answer>42</answer>', answer('42'), 1, '42'],
    ['42', answer('42'), 1, '42'],
  ]),
  ...casesOf(from({ type: 'chain', steps: [{ type: 'answer_part' }, { type: 'last_number' }] }), [
    ['<think>7</think>it is 4 or 5 <b>', answer('5'), 1, '5'],
    ['7</think>none', answer('7'), 0, undefined, 'no number in the completion'],
  ]),
  ...casesOf(from({ type: 'chain', steps: [{ type: 'json_path', path: 'a' }, { type: 'last_number' }] }), [
    ['{"a": "1 or \\n 2"}', answer('2'), 1, '"1 or \\n 2"'],
  ]),
  ...casesOf({ type: 'answer_match', normalise: ['digit_separators', 'percent', 'unit'] }, [
    ['1,234,567', answer('1234567'), 1],
    ['1 234 567 km', answer('1_234_567'), 1],
    ['12,34', answer('1234'), 0],
    ['50 %', answer('50'), 1],
    ['7 m²', answer('7'), 1],
  ]),
];
