import { expect, test } from 'vitest';
import { rewardRuleSchema } from '../contract/reward-rules.ts';
import { compileRules } from './compile-rules.ts';

const rule = rewardRuleSchema.parse({
  name: 'length',
  type: 'kimi_length',
  correct: { type: 'answer_match' },
});

const said = (text: string, length: number) => ({ text, tokens: new Int32Array(length) });
const group = (answer: unknown, ...completions: ReturnType<typeof said>[]) => ({
  prompt: 'p',
  row: { index: 0, prompt: 'p', columns: { answer } },
  completions,
});

test('the length reward of Kimi k1.5 compares the completions of one group', async () => {
  const scorer = await compileRules([rule]);
  const groups = [
    group('a', said('a', 10), said('a', 30), said('b', 10), said('b', 20), said('b', 30)),
    group('a', said('a', 5), said('b', 5)),
    group(null, said('a', 5), said('b', 7)),
  ];
  const verdicts = (await scorer.scoreGroups(groups)).map((scored) => scored.map(({ scores }) => scores[0]));
  expect(verdicts.map((scored) => scored.map(({ score }) => score))).toEqual([
    [0.5, -0.5, 0, 0, -0.5],
    [0, 0],
    [null, null],
  ]);
  expect(verdicts[0][1].why).toBe('correct, 30 tokens between 10 and 30: -0.5 (extracted "a", expected "a": equal)');
  expect(verdicts[1][0].why).toBe('all completions of the group have 5 tokens');
});

test('longer completions never score more, and wrong ones never more than 0', async () => {
  const scorer = await compileRules([rule]);
  const lengths = [3, 4, 9, 20, 21, 50];
  for (const text of ['a', 'b']) {
    const [scored] = await scorer.scoreGroups([group('a', ...lengths.map((length) => said(text, length)))]);
    const scores = scored.map(({ scores: [{ score }] }) => score!);
    scores.slice(1).forEach((score, index) => expect(score).toBeLessThanOrEqual(scores[index]));
    if (text === 'b') expect(Math.max(...scores)).toBe(0);
  }
});
