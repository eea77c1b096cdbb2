/** Hand-checked cases of the rules that run code: a completion's own against unit tests, and a person's script. */
import { casesOf, type Rule } from './rule-case.ts';

const tests = (...list: unknown[]) => ({ tests: list });
const fenced = (code: string) => `Here:\n\`\`\`js\n${code}\n\`\`\`\nDone.`;

const add = { call: 'add(2, 3)', expected: 5 };
const addNegative = { call: 'add(-1, 1)', expected: 0 };

const script = (body: string): Rule => ({
  type: 'javascript',
  source: `function score({ prompt, completion, reasoning, answer, row, tokens }) {\n${body}\n}`,
});

export const codeCases = [
  ...casesOf({ type: 'code_tests' }, [
    [fenced('function add(a, b) { return a + b; }'), tests(add, addNegative), 1, undefined, '2 of 2 tests passed'],
    [fenced('function add(a, b) { return Math.abs(a) + b; }'), tests(add, addNegative), 0.5, undefined, 'it gave 2'],
    ['const add = (a, b) => a + b;', tests(add), 1],
    [`${fenced('const add = () => 5;')}\n${fenced('const add = () => 6;')}`, tests(add), 0, undefined, 'it gave 6'],
    [fenced('function add(a, b) {'), tests(add), 0, undefined, 'SyntaxError'],
    [fenced('const subtract = 1;'), tests(add), 0, undefined, '0 of 1 tests passed'],
    ['', tests(add), 0, undefined, 'no code in the completion'],
    [fenced('const add = (a, b) => a + b;'), {}, null, undefined, 'the row has no tests'],
    [fenced('const add = (a, b) => a + b;'), tests(), null, undefined, 'has no test'],
    [fenced('const add = (a, b) => a + b;'), { tests: '[{"call": "add(1, 1)", "expected": 2}]' }, 1],
    [
      fenced('const add = (a, b) => a + b;'),
      { tests: '// sums\nassert.equal(add(1, 1), 2)\n\nassert(add(0, 0) === 0)' },
      1,
    ],
    [fenced('const pair = () => ({ a: [1, 2] });'), tests({ call: 'pair()', expected: { a: [1, 2] } }), 1],
  ]),
  ...casesOf({ type: 'code_tests', mode: 'all' }, [
    [fenced('function add(a, b) { return Math.abs(a) + b; }'), tests(add, addNegative), 0],
    [fenced('function add(a, b) { return a + b; }'), tests(add, addNegative), 1],
  ]),
  ...casesOf({ type: 'code_tests', extract: { type: 'tag', tag: 'code' } }, [
    ['<code>const add = (a, b) => a + b;</code>', tests(add), 1],
    ['const add = (a, b) => a + b;', tests(add), 0, undefined, 'no <code> tag in the completion'],
  ]),
];

export const scriptCases = [
  ...casesOf(script('return completion.length / 10;'), [
    ['hello', {}, 0.5, undefined, 'the script gave 0.5'],
    ['', {}, 0],
  ]),
  ...casesOf(script('return answer === row.answer ? 1 : 0;'), [
    ['<think>2</think><answer>5</answer>', { answer: '5' }, 1],
    ['<think>2</think>5', { answer: '5' }, 1],
    ['5', { answer: '5' }, 1],
    ['6', { answer: '5' }, 0],
  ]),
  ...casesOf(script("return reasoning === null ? null : { score: reasoning.length, why: 'letters of reasoning' };"), [
    ['<think>abc</think>d', {}, 3, undefined, 'letters of reasoning'],
    ['abc', {}, null, undefined, 'the script gave no score'],
  ]),
  ...casesOf(
    script(
      "const at = completion.indexOf('42');\nreturn { score: at < 0 ? -1 : 1, spans: at < 0 ? [] : [{ start: at, end: at + 2 }] };",
    ),
    [
      ['it is 42.', {}, 1, '42'],
      ['it is 41.', {}, -1],
    ],
  ),
  ...casesOf(script('return prompt.length + tokens.length;'), [['anything', {}, 'prompt'.length]]),
  ...casesOf({ type: 'javascript', source: 'export const score = () => 0.25;' }, [['any', {}, 0.25]]),
];
