/** The mathematical rule as a whole: where it looks for answers, what it says, and answers that would take for ever. */
import { afterAll, describe, expect, test } from 'vitest';
import { mathRuleSchema } from '../../contract/reward-rules/math.ts';
import type { CompiledGroupRule } from '../rule.ts';
import { compileMath } from './math-rule.ts';

const compile = (more: object = {}) =>
  compileMath(mathRuleSchema.parse({ name: 'math', type: 'math', ...more }), 'rewards.0');

const rule = compile();
afterAll(() => rule.dispose());

async function verdicts(texts: string[], answer: unknown, by: CompiledGroupRule = rule) {
  const warnings: string[] = [];
  const row = { index: 0, prompt: 'p', columns: answer === undefined ? {} : { answer } };
  const completions = texts.map((text) => ({ text, tokens: [] }));
  const [found] = await by.scoreGroups([{ prompt: 'p', row, completions }], (message) => warnings.push(message));
  return { found, scores: found.map((verdict) => verdict.score), warnings };
}

describe('where the answer is found', () => {
  test.each<[string, unknown, number | null]>([
    ['First \\boxed{1}, no: \\boxed{\\frac{1}{3}}.', '\\frac{1}{3}', 1],
    ['My answer is \\boxed{\\frac{1}{2}}', '\\frac{1}{3}', 0],
    ['The final answer is $\\frac{2}{6}$. I used 4 steps.', '1/3', 1],
    ['The answer is 12 cm.', 12, 1],
    ['Answer: x = 5', '5', 1],
    ['So $a=2$ and thus $x^2+2x+1$ holds', '(x+1)^2', 1],
    ['\\[ 7 \\]', '7', 1],
    ['That makes 3 and 4, in all 7', '7', 1],
    ['I do not know', '7', 0],
    ['72', 'She sold 48/2 = 24.\n#### 72', 1],
    ['\\boxed{A}', '\\text{(A)}', 1],
    ['The answer is **42**.', '42', 1],
    ['**Answer:** 42', '42', 1],
    ['Let me answer this question. 3 and 4 make 7', '7', 1],
    ['The final answer is: $7$', '7', 1],
    ['\\boxed{5}', 'Adding both, the answer is $5$.', 1],
    ['\\boxed{5}', 'Because $2+3=5$, she has $5$ apples.', 1],
    ['\\boxed{1, 2}', '$1$ or $2$', 1],
    ['\\boxed{7}', undefined, null],
    ['\\boxed{7}', null, null],
    ['\\boxed{7}', ['7'], null],
  ])('%s against %j', async (text, answer, score) => {
    expect((await verdicts([text], answer)).scores).toEqual([score]);
  });

  test('the verdict says both answers, and where the completion gave its own', async () => {
    const { found } = await verdicts(['It is \\boxed{0.5}.'], '\\frac12');
    expect(found[0]).toEqual({
      score: 1,
      why: '"0.5" is equivalent; the right answer is "\\\\frac12"',
      spans: [{ start: 13, end: 16 }],
    });
  });

  test('a right answer that cannot be read: no score, and one warning for the row', async () => {
    const { scores, warnings } = await verdicts(['\\boxed{1}', '\\boxed{2}'], '\\frac{1}{');
    expect(scores).toEqual([null, null]);
    expect(warnings).toEqual(['the right answer "\\\\frac{1}{" cannot be read as mathematics']);
  });
});

describe('answers that mean harm', () => {
  const nasty = [
    '9^{9^{9^{9}}}',
    '10000000!',
    '\\sum_{n=1}^{10^{12}} \\frac{1}{n}',
    '\\prod_{k=1}^{10^9} k',
    '('.repeat(400),
    '\\frac{1}{'.repeat(100) + '1' + '}'.repeat(100),
    `(${Array.from({ length: 80 }, (_, index) => `x_{${index}}`).join('+')})^{90}`,
    '\\int_0^\\infty e^{-x^{x^{x}}} \\sin(x^{99})\\,dx',
    '1'.repeat(900),
    'x'.repeat(100_000),
    '\\'.repeat(500),
    '\\sqrt{'.repeat(150) + '2' + '}'.repeat(150),
  ];

  test('each gets 0 within its time, and the right answer beside it gets 1', async () => {
    const quick = compile({ timeout_ms: 500 });
    const { scores } = await verdicts(
      nasty.flatMap((text) => [`\\boxed{${text}}`, '\\boxed{7}']),
      '7',
      quick,
    );
    quick.dispose();
    const expected = nasty.flatMap(() => [0, 1]);
    expect(scores.map((score, index) => (index % 2 === 1 ? score : (score ?? 0)))).toEqual(expected);
  });
});
