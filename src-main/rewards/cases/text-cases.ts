/** Hand-checked cases of the rules about the text alone. */
import { casesOf } from './rule-case.ts';

const row = {};
const nums = (numbers: unknown, target: unknown) => ({ nums: numbers, target });

const person = {
  type: 'object',
  required: ['name', 'age'],
  properties: { name: { type: 'string', pattern: '^[A-Z]' }, age: { type: 'integer', minimum: 0 } },
  additionalProperties: false,
};

export const textCases = [
  ...casesOf({ type: 'regex', pattern: '^\\s*a.b' }, [
    [' a\nb c', row, 1, ' a\nb', '/^\\s*a.b/ matches " a\\nb"'],
    ['xab', row, 0, 'xab', 'no match of /^\\s*a.b/ in "xab"'],
  ]),
  ...casesOf({ type: 'regex', pattern: 'b+', extract: { type: 'tag', tag: 't' } }, [
    ['b<t>abbc</t>', row, 1, 'bb'],
    ['b<t>ac</t>', row, 0, 'ac'],
    ['b', row, 0, undefined, 'no <t> tag in the completion'],
  ]),
  ...casesOf({ type: 'regex', pattern: '^YES$', ignore_case: true, multiline: true }, [
    ['no\nyes\nno', row, 1, 'yes'],
    ['no\nyes!', row, 0],
  ]),
  ...casesOf({ type: 'contains', texts: ['apple', 'pear'] }, [
    ['a pear and an apple', row, 1, 'apple'],
    ['an apple', row, 0, 'an apple', '"pear" does not appear'],
  ]),
  ...casesOf({ type: 'contains', texts: ['Apple', 'PEAR'], need: 'any', ignore_case: true }, [
    ['İ pear', row, 1, 'pear', '"PEAR" appears'],
    ['plum', row, 0, 'plum', 'none of "Apple", "PEAR" appears'],
  ]),
  ...casesOf({ type: 'not_contains', texts: ['As an AI', 'sorry'] }, [
    ['Here it is.', row, 1, undefined, 'none of "As an AI", "sorry" appears'],
    ['I am sorry.', row, 0, 'sorry', '"sorry" appears'],
  ]),
  ...casesOf({ type: 'not_contains', texts: ['42'], extract: { type: 'reasoning' } }, [
    ['42', row, 1],
    ['<think>42</think>', row, 0, '42'],
  ]),
  ...casesOf({ type: 'pattern_count', pattern: 'Step \\d+:|^\\d+\\.|\\n-|First,', target: 3 }, [
    ['Step 1: a Step 2: b Step 3: c Step 4: d', row, 1, 'Step 1:', 'at least 3 matches'],
    ['1. a\n2. b', row, 1 / 3, '1.'],
    ['a\n- b\n- c', row, 2 / 3, '\n-'],
    ['plain', row, 0, undefined, '0 matches'],
  ]),
  ...casesOf({ type: 'tag_count' }, [
    ['<think>\na\n</think>\n<answer>\nb\n</answer>', row, 1],
    ['<think>\na\n</think>\n<answer>b</answer>', row, 0.5],
    [
      '<think>\n<think>\na\n</think>\n',
      row,
      0.25,
      '\n</think>\n',
      '1 of 4 texts appear exactly once; "<think>\\n" appears 2 times',
    ],
    ['a', row, 0],
  ]),
  ...casesOf({ type: 'format' }, [
    ['\n<think>\na\n</think>\n<answer>42</answer>\n', row, 1],
    ['<think>a</think><answer>b</answer>', row, 1],
    ['42', row, 0, undefined, 'no <think> in the completion'],
    ['<think>a</think><answer>b</answer><answer>c</answer>', row, 0, '<answer>', '<answer> appears 2 times'],
    ['</think>a<think><answer>b</answer>', row, 0, '</think>', '</think> comes before <think>'],
    ['<think>a<answer>b</answer></think>', row, 0, '<answer>', '<answer> is not after the tags before it'],
    ['well <think>a</think><answer>b</answer>', row, 0, 'well', 'text before <think>: "well"'],
    ['<think>a</think> so <answer>b</answer>', row, 0, 'so', 'text before <answer>: "so"'],
    ['<think>a</think><answer>b</answer> done ', row, 0, 'done', 'text after </answer>: "done"'],
  ]),
  ...casesOf({ type: 'format', newlines: 'strict' }, [
    ['<think>\na\n</think>\n<answer>\nb\n</answer>', row, 1],
    ['<think>\na\n</think>\n<answer>b</answer>', row, 0, '<answer>', 'no line break after <answer>'],
    ['<think>\na</think>\n<answer>\nb\n</answer>', row, 0, '</think>', 'no line break before </think>'],
    [
      '<think>\na\n</think>\n\n<answer>\nb\n</answer>',
      row,
      0,
      '<answer>',
      '"\\n\\n" before <answer>, where one line break belongs',
    ],
    ['<think>\na\n</think>\n<answer>\nb\n</answer>\n', row, 0, '\n', 'white space after </answer>'],
    [' <think>\na\n</think>\n<answer>\nb\n</answer>', row, 0, '<think>'],
  ]),
  ...casesOf({ type: 'format', tags: ['plan'] }, [['<plan>x</plan>', row, 1]]),
  ...casesOf({ type: 'think_format' }, [
    ['<think>a</think>b', row, 1, '<think>a</think>'],
    [' <think>a</think>b', row, 0, undefined, 'the completion does not start with <think>'],
    ['<think>a<think>b</think>', row, 0, '<think>', 'a second <think> follows the first'],
    ['<think>a</think>b<think>', row, 0],
    ['<think>a', row, 0, undefined, 'no </think> in the completion'],
  ]),
  ...casesOf({ type: 'script', script: 'Cyrillic' }, [
    ['привет', row, 1, 'привет', '100% of 6 letters are Cyrillic'],
    ['да, yes!', row, 0.4],
    ['123', row, 0, '123', 'no letters in "123"'],
  ]),
  ...casesOf({ type: 'script', script: 'Han', min_share: 0.5 }, [
    ['你好 ok', row, 1],
    ['你 okay', row, 0],
  ]),
  ...casesOf({ type: 'language', language: 'de' }, [
    [
      'Das ist ein ganz gewöhnlicher deutscher Satz über das Wetter von heute.',
      row,
      1,
      undefined,
      'the text is de, wanted de',
    ],
    ['This is quite an ordinary English sentence about the weather today.', row, 0],
    ['', row, 0],
  ]),
  ...casesOf({ type: 'countdown' }, [
    [
      '<answer>(19 + 36) * 2</answer>',
      nums([2, 19, 36], 110),
      1,
      '(19 + 36) * 2',
      '"(19 + 36) * 2" is 110, the target',
    ],
    [
      '<answer>19 + 36 * 2</answer>',
      nums([2, 19, 36], 110),
      0,
      '19 + 36 * 2',
      '"19 + 36 * 2" is 91, but the target is 110',
    ],
    ['<answer>55 × 2 = 110</answer>', nums([2, 55], '110'), 1],
    ['<answer>8 / (3 - 8 / 3)</answer>', nums([8, 8, 3, 3], 24), 1],
    ['<answer>55 * 2</answer>', nums('[2, 55, 1]', 110), 0, '55 * 2', 'but 1 is not used'],
    ['<answer>55 + 55</answer>', nums([55, 2], 110), 0, '55 + 55', 'but 55 is used more often than it is given'],
    ['<answer>100 + 10</answer>', nums([55, 2], 110), 0, '100 + 10', 'but 100 is not among the given numbers'],
    ['<answer>55 / (2 - 2)</answer>', nums([55, 2, 2], 110), 0, '55 / (2 - 2)', 'divides by zero'],
    ['<answer>55 *</answer>', nums([55, 2], 110), 0, '55 *', 'ends where a number belongs'],
    ['<answer>55 2</answer>', nums([55, 2], 110), 0, '55 2', 'has "2" where an operator belongs'],
    ['<answer>process.exit()</answer>', nums([55, 2], 110), 0],
    ['55 * 2', nums([55, 2], 110), 0, undefined, 'no <answer> tag in the completion'],
    ['<answer>55 * 2</answer>', { target: 110 }, null],
    ['<answer>55 * 2</answer>', nums([55, 2], 'x'), null],
    ['<answer>-(2 - 55)</answer>', nums([55, 2], 53), 1],
    ['<answer>1 / 3 * 3</answer>', nums([1, 3, 3], 1), 1],
  ]),
  ...casesOf({ type: 'countdown', use: 'some', score_missed: 0.1, extract: { type: 'text' } }, [
    ['55 * 2', nums([55, 2, 9], 110), 1],
    ['55 + 2', nums([55, 2, 9], 110), 0.1],
    ['55 + 3', nums([55, 2, 9], 58), 0],
  ]),
  ...casesOf({ type: 'json_schema', schema: person }, [
    ['{"name": "Ann", "age": 3}', row, 1, '{"name": "Ann", "age": 3}', 'the JSON keeps to the schema'],
    ['Sure:\n```json\n{"name": "Ann", "age": 3}\n```', row, 1, '{"name": "Ann", "age": 3}'],
    ['{"name": "ann", "age": 3}', row, 0, undefined, '"/name" must match pattern'],
    ['{"name": "Ann"}', row, 0, undefined, "must have required property 'age'"],
    ['{"name": "Ann", "age": -1}', row, 0, undefined, '"/age" must be >= 0'],
    ['{"name": "Ann", "age": 3, "x": 1}', row, 0, undefined, 'must NOT have additional properties'],
    ['name: Ann', row, 0, 'name: Ann', 'no JSON in "name: Ann"'],
  ]),
  ...casesOf(
    {
      type: 'json_schema',
      only_json: true,
      schema: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array' },
    },
    [
      [' [1, 2] ', row, 1, '[1, 2]'],
      ['It is [1, 2]', row, 0, '[1, 2]', 'text around the JSON: "It is"'],
    ],
  ),
];
