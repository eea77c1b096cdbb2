/** Scripts of a person: what they get, what they may return, and what is said of a script that is wrong. */
import { afterAll, describe, expect, test } from 'vitest';
import { javascriptRuleSchema } from '../../contract/reward-rules/javascript.ts';
import { compileJavascript } from './javascript-rule.ts';
import type { CompiledGroupRule } from '../rule.ts';

const opened: CompiledGroupRule[] = [];
afterAll(() => opened.forEach((rule) => rule.dispose()));

async function compile(source: string, more: object = {}) {
  const rule = await compileJavascript(
    javascriptRuleSchema.parse({ name: 'mine', type: 'javascript', source, ...more }),
    'rewards.0',
  );
  opened.push(rule);
  return rule;
}

async function score(source: string, texts: string[] = ['one'], more: object = {}) {
  const warnings: string[] = [];
  const rule = await compile(source, more);
  const completions = texts.map((text) => ({ text, tokens: Int32Array.of(1, 2, 3) }));
  const row = { index: 0, prompt: 'say one', columns: { gold: '1' } };
  const [verdicts] = await rule.scoreGroups([{ prompt: 'say one', row, completions }], (message) =>
    warnings.push(message),
  );
  return { verdicts, warnings };
}

describe('score', () => {
  test('gets prompt, completion, reasoning, answer, row and tokens', async () => {
    const { verdicts } = await score('function score(input) { return { score: 1, why: JSON.stringify(input) } }', [
      '<think>hm</think><answer>1</answer>',
    ]);
    expect(JSON.parse(verdicts[0].why)).toEqual({
      prompt: 'say one',
      completion: '<think>hm</think><answer>1</answer>',
      reasoning: 'hm',
      answer: '1',
      row: { gold: '1' },
      tokens: [1, 2, 3],
    });
  });

  test.each([
    ['function score() { return 0.5 }', { score: 0.5, why: 'the script gave 0.5' }],
    ['function score() { return null }', { score: null, why: 'the script gave no score' }],
    ['const score = () => 2', { score: 2, why: 'the script gave 2' }],
    ['export function score() { return 3 }', { score: 3, why: 'the script gave 3' }],
    ['export default () => 4', { score: 4, why: 'the script gave 4' }],
    ['/*\nexport what counts\n*/\nfunction score() { return 5 }', { score: 5, why: 'the script gave 5' }],
    ['const words = `\nimport this\n`\nfunction score() { return 6 }', { score: 6, why: 'the script gave 6' }],
    ['function score() { return { score: null, why: "no gold" } }', { score: null, why: 'no gold' }],
    [
      'function score({ completion }) { return { score: 1, why: "all", spans: [{ start: 0, end: completion.length }] } }',
      { score: 1, why: 'all', spans: [{ start: 0, end: 3 }] },
    ],
  ])('%s', async (source, verdict) => {
    const { verdicts, warnings } = await score(source);
    expect(verdicts).toEqual([verdict]);
    expect(warnings).toEqual([]);
  });

  test('a module has all of its time, too', async () => {
    const source = 'export function score() { for (let i = 0; i < 2e6; i++); return 7 }';
    expect((await score(source, ['a'], { timeout_ms: 20_000 })).verdicts[0].score).toBe(7);
  });

  test('a failing completion has a sentence with the line and does not touch the others', async () => {
    const { verdicts, warnings } = await score(
      'function score({ completion }) {\n  if (completion === "b") null.x;\n  return 1;\n}',
      ['a', 'b', 'c'],
    );
    expect(verdicts.map((verdict) => verdict.score)).toEqual([1, null, 1]);
    expect(verdicts[1].why).toBe("the script threw TypeError: cannot read property 'x' of null (line 2)");
    expect(warnings).toEqual([verdicts[1].why]);
  });

  test('nothing is left over from one completion to the next', async () => {
    const { verdicts } = await score(
      'let calls = 0; function score() { return globalThis.n = (globalThis.n ?? 0) + ++calls }',
      ['a', 'b', 'a'],
    );
    expect(verdicts.map((verdict) => verdict.score)).toEqual([1, 1, 1]);
  });

  test('seeded randomness depends on seed and completion alone', async () => {
    const source = 'function score() { return Math.random() }';
    const first = (await score(source, ['a', 'b'], { seed: 1 })).verdicts.map((verdict) => verdict.score);
    const turned = (await score(source, ['b', 'a'], { seed: 1 })).verdicts.map((verdict) => verdict.score);
    const other = (await score(source, ['a', 'b'], { seed: 2 })).verdicts.map((verdict) => verdict.score);
    expect(turned).toEqual([first[1], first[0]]);
    expect(first[0]).not.toBe(first[1]);
    expect(other[0]).not.toBe(first[0]);
    expect(first.every((value) => value !== null && value >= 0 && value < 1)).toBe(true);
  });
});

describe('a script that cannot be a rule is refused with its place', () => {
  test.each([
    ['function score() {\n  return 1 +;\n}', /threw SyntaxError: .* \(line 2, column \d+\)/, 2],
    ['const x = 1', /defines no function score/, undefined],
    ['const score = 1', /defines no function score/, undefined],
    ['throw new Error("top")', /threw Error: top \(line 1, column \d+\)/, 1],
    ['for (;;);', /ran longer than 1000 ms/, 1],
    ['import fs from "fs"; export const score = () => 1', /threw ReferenceError: .*fs/, undefined],
    [
      'await new Promise(() => 0); export const score = () => 1',
      /waited for something that never comes|SyntaxError/,
      undefined,
    ],
  ])('%s', async (source, message, line) => {
    const failure = await compile(source).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'reward_invalid', message: expect.stringMatching(message) });
    expect((failure as { where: object }).where).toMatchObject({ field: 'rewards.0.source', ...(line && { line }) });
  });
});
