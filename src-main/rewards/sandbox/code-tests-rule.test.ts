/** Code of completions against tests of a row: a table checked by hand, and code that means harm. */
import { afterAll, describe, expect, test } from 'vitest';
import { codeTestsRuleSchema } from '../../contract/reward-rules/code-tests.ts';
import type { CompiledGroupRule } from '../rule.ts';
import { compileCodeTests } from './code-tests-rule.ts';

const compile = (more: object = {}) =>
  compileCodeTests(
    codeTestsRuleSchema.parse({ name: 'tests', type: 'code_tests', timeout_ms: 200, ...more }),
    'rewards.0',
  );

const rule = compile();
const strict = compile({ mode: 'all' });
afterAll(() => [rule, strict].forEach((one) => one.dispose()));

async function verdict(text: string, tests: unknown, by: CompiledGroupRule = rule, warnings: string[] = []) {
  const row = { index: 0, prompt: 'p', columns: { tests } };
  const scored = await by.scoreGroups([{ prompt: 'p', row, completions: [{ text, tokens: [] }] }], (message) =>
    warnings.push(message),
  );
  return scored[0][0];
}

const add = 'Here:\n```js\nfunction add(a, b) { return a + b }\n```\nDone.';
const two = [
  { call: 'add(1, 2)', expected: 3 },
  { call: 'add(2, 2)', expected: 5 },
];

describe('scores', () => {
  test.each<[string, string, unknown, number | null, RegExp]>([
    ['share', add, two, 0.5, /^1 of 2 tests passed: add\(2, 2\) = 5 failed: it gave 4$/],
    ['tests as JSON text', add, JSON.stringify(two), 0.5, /1 of 2/],
    [
      'a script, a test a line',
      add,
      'assert(add(1, 2) === 3)\n// more\n\nassert.equal(add(1, 1), 3)',
      0.5,
      /failed: it threw Error: got 2 in place of 3/,
    ],
    ['statements', add, ['assert(add(0, 0) === 0)', 'assert.deepEqual([add(1, 1)], [2])'], 1, /^2 of 2 tests passed$/],
    ['without a block the whole text', 'const add = (a, b) => a + b', two, 0.5, /1 of 2/],
    ['the last block', '```\nthrow 1\n```\n```js\nvar add = (a, b) => a + b\n```', two, 0.5, /1 of 2/],
    ['exports', '```js\nexport function add(a, b) { return a + b }\n```', two, 0.5, /1 of 2/],
    [
      'module.exports and console',
      '```js\nfunction add(a, b) { console.log(a); return a + b }\nmodule.exports = { add };\n```',
      two,
      0.5,
      /1 of 2/,
    ],
    [
      'lists and objects',
      '```js\nconst f = () => ({ b: [1, { c: null }], a: "x" })\n```',
      [{ call: 'f()', expected: { a: 'x', b: [1, { c: null }] } }],
      1,
      /1 of 1/,
    ],
    [
      'an object with more',
      '```js\nconst f = () => ({ a: 1, b: 2 })\n```',
      [{ call: 'f()', expected: { a: 1 } }],
      0,
      /it gave {\\?"a/,
    ],
    [
      'without expected: true',
      '```js\nconst f = () => 0\n```',
      [{ call: 'f() === 0' }, { call: 'f()' }],
      0.5,
      /f\(\) failed: it gave 0/,
    ],
    [
      'async code',
      '```js\nasync function f() { await 0; return 7 }\n```',
      [{ call: 'f()', expected: 7 }, 'assert(await f() === 7)'],
      1,
      /2 of 2/,
    ],
    [
      'a promise that never comes',
      '```js\nconst f = () => new Promise(() => 0)\n```',
      [{ call: 'f()', expected: 7 }],
      0,
      /waited for something/,
    ],
    ['code that does not parse', '```js\nfunction add(\n```', two, 0, /^the code threw SyntaxError/],
    ['code that throws', '```js\nlet a;\nnull.x\n```', two, 0, /^the code threw TypeError.*line 2/],
    ['no function', '```js\nlet a = 1\n```', two, 0, /'?add'? is not defined/],
    ['no code', '  ', two, 0, /no code/],
    ['no tests column', add, undefined, null, /the row has no tests/],
    ['no test', add, [], null, /has no test$/],
    ['a test that is none', add, [{ call: 'add(1, 2)' }, 5], null, /^test 2 of the row's tests is neither/],
    ['a number for tests', add, 5, null, /is a number, not a list/],
  ])('%s', async (_, text, tests, score, why) => {
    const found = await verdict(text, tests);
    expect(found.score).toBe(score);
    expect(found.why).toMatch(why);
  });

  test('all or nothing', async () => {
    expect((await verdict(add, two, strict)).score).toBe(0);
    expect((await verdict(add, two.slice(0, 1), strict)).score).toBe(1);
  });

  test('at most three failing tests are named', async () => {
    const many = Array.from({ length: 6 }, (_, index) => ({ call: `add(${index}, 0)`, expected: -1 }));
    expect((await verdict(add, many)).why).toMatch(
      /^0 of 6 tests passed: add\(0, 0\).*add\(2, 0\) = -1 failed: it gave 2; and 3 more$/,
    );
  });
});

describe('code that means harm gets no test for it', () => {
  const code = (text: string) => `\`\`\`js\n${text}\n\`\`\``;
  test.each<[string, string, number]>([
    ['loops', 'for (;;);', 0],
    ['loops in the function', 'function add() { for (;;); }', 0],
    ['loops in a promise', 'async function add() { for (;;) await 0; }', 0],
    ['eats memory', 'const all = []; for (;;) all.push(new Array(1e4).fill(all.length));', 0],
    ['replaces assert', 'function assert() {} assert.equal = () => 0; function add() { return 0 }', 0],
    ['replaces JSON', 'JSON.parse = JSON.stringify = () => 3; function add() { return 0 }', 0],
    [
      'pollutes prototypes',
      'Object.prototype.valueOf = () => 3; Object.keys = () => []; function add() { return {} }',
      0,
    ],
    ['answers with a proxy', 'const add = () => new Proxy({}, { get: () => 3, has: () => true })', 0],
    ['leaves the process', 'process.exit(0)', 0],
    ['loops in what it returns', 'const add = () => ({ toJSON() { for (;;); } })', 0],
  ])('%s', async (_, text, score) => {
    expect((await verdict(code(text), [...two.slice(0, 1), 'assert.equal(add(1, 2), 3)'])).score).toBe(score);
    expect((await verdict(add, two)).score).toBe(0.5);
  });
});
