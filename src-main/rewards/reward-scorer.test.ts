import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { StudioError } from '../contract/errors.ts';
import { rewardRuleSchema } from '../contract/reward-rules.ts';
import { compileRules } from './compile-rules.ts';
import { createScorer } from './reward-scorer.ts';
import type { CompiledGroupRule, CompiledRule } from './rule.ts';

type RuleInput = z.input<typeof rewardRuleSchema>;

const compile = (...rules: RuleInput[]) => compileRules(rules.map((rule) => rewardRuleSchema.parse(rule)));
const group = (texts: string[], columns: Record<string, unknown> = {}) => ({
  prompt: 'p',
  row: { index: 0, prompt: 'p', columns },
  completions: texts.map((text) => ({ text, tokens: [] })),
});
const rule = (name: string, score: CompiledRule | CompiledGroupRule, weight: number | null = 1) => ({
  name,
  weight,
  clip: undefined,
  score,
});

describe('the matrix completions × rules', () => {
  const rules: RuleInput[] = [
    { name: 'accuracy', type: 'answer_match', weight: 2 },
    { name: 'digits', type: 'regex', pattern: '^\\d+$', weight: -0.5 },
  ];

  test('has a row for each completion of each group; null where a rule does not apply', async () => {
    const scorer = await compile(...rules);
    const scored = await scorer.scoreGroups([group(['42', 'x'], { answer: 42 }), group(['7'])]);
    expect(scored.map((of) => of.map(({ scores }) => scores.map(({ score }) => score)))).toEqual([
      [
        [1, 1],
        [0, 0],
      ],
      [[null, 1]],
    ]);
    expect(scorer.names).toEqual(['accuracy', 'digits']);
    expect(scored[1][0].scores.map(({ rule }) => rule)).toEqual(['accuracy', 'digits']);
    expect(scored.map((of) => of.map(({ reward }) => reward))).toEqual([[1.5, 0], [-0.5]]);
    expect(scorer.takeWarnings()).toEqual([]);
  });

  test('has no reward where no rule applies, or none counts', async () => {
    const rewards = async (...rules: RuleInput[]) =>
      (await (await compile(...rules)).scoreGroups([group(['42'])])).map(([{ reward }]) => reward);
    expect(await rewards({ name: 'accuracy', type: 'answer_match' })).toEqual([null]);
    expect(await rewards({ name: 'digits', type: 'regex', pattern: '4', metric_only: true })).toEqual([null]);
    expect(await rewards()).toEqual([null]);
  });

  test('leaves a rule out that is not enabled, and keeps a metric out of the reward', async () => {
    const [accuracy, digits] = rules;
    const off = await compile({ ...accuracy, enabled: false }, digits);
    expect(off.names).toEqual(['digits']);
    const metric = await compile({ ...accuracy, metric_only: true }, digits);
    const [[{ reward, scores }]] = await metric.scoreGroups([group(['42'], { answer: 42 })]);
    expect([reward, scores.map(({ score }) => score)]).toEqual([-0.5, [1, 1]]);
  });

  test('is clipped before it is weighted, and says so', async () => {
    const short: RuleInput = {
      name: 'r',
      type: 'soft_overlong',
      max_length: 10,
      cache: 5,
      weight: 2,
      clip: { min: -0.25 },
    };
    const scorer = await compile(short, { name: 'one', type: 'regex', pattern: '', clip: { max: 0.5 } });
    const completion = { text: '', tokens: new Int32Array(8) };
    const [[{ reward, scores }]] = await scorer.scoreGroups([{ ...group([]), completions: [completion] }]);
    expect(scores.map(({ score }) => score)).toEqual([-0.25, 0.5]);
    expect(reward).toBe(0);
    expect(scores[0].why).toMatch(/; clipped from -0\.6 to -0\.25$/);
  });

  test('keeps the parts that decided a score', async () => {
    const spans = [{ start: 1, end: 3 }];
    const [[{ scores }]] = await createScorer([rule('r', () => ({ score: 1, why: 'w', spans }))]).scoreGroups([
      group(['x']),
    ]);
    expect(scores).toEqual([{ rule: 'r', score: 1, why: 'w', spans }]);
  });
});

describe('what fails', () => {
  test('is a missing score and a counted warning', async () => {
    const throws: CompiledRule = ({ text }) => {
      if (text === 'x') throw new Error('no x please');
      return { score: text === 'y' ? NaN : 1, why: 'said' };
    };
    const scorer = createScorer([rule('fine', () => ({ score: 1, why: 'w' })), rule('odd', throws)]);
    const scored = await scorer.scoreGroups([group(['x', 'y', 'z', 'x'])]);
    expect(scored[0].map(({ reward }) => reward)).toEqual([1, 1, 2, 1]);
    expect(scored[0].map(({ scores }) => scores[1].why)).toEqual([
      'could not be scored: no x please',
      'said; the score was NaN, which is no number to learn from',
      'said',
      'could not be scored: no x please',
    ]);
    await scorer.scoreGroups([group(['x'])]);
    expect(scorer.takeWarnings()).toEqual([
      { rule: 'odd', message: 'no x please', count: 3, of: 5 },
      { rule: 'odd', message: 'the score was NaN', count: 1, of: 5 },
    ]);
    expect(scorer.takeWarnings()).toEqual([]);
  });

  test('as a whole rule leaves the others their scores', async () => {
    const broken: CompiledGroupRule = {
      scoreGroups: () => Promise.reject(new Error('gone')),
      dispose: () => undefined,
    };
    const scorer = createScorer([rule('broken', broken), rule('fine', () => ({ score: 1, why: 'w' }))]);
    const [scored] = await scorer.scoreGroups([group(['a', 'b'])]);
    expect(scored.map(({ reward, scores }) => [reward, scores[0].score])).toEqual([
      [1, null],
      [1, null],
    ]);
    expect(scorer.takeWarnings()).toEqual([{ rule: 'broken', message: 'gone', count: 2, of: 2 }]);
  });

  test('ends the run where the rule asks for that', async () => {
    const strict: CompiledGroupRule = {
      scoreGroups: () => Promise.reject(new StudioError('reward_invalid', 'The judge is away.')),
      dispose: () => undefined,
    };
    await expect(createScorer([rule('judge', strict)]).scoreGroups([group(['a'])])).rejects.toThrow(
      'The judge is away.',
    );
  });

  test('is told with few different messages, however many there are', async () => {
    const scorer = createScorer([
      rule('odd', ({ text }) => {
        throw new Error(`no ${text}`);
      }),
    ]);
    await scorer.scoreGroups([group(Array.from({ length: 50 }, (_, i) => String(i)))]);
    const warnings = scorer.takeWarnings();
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toEqual({ rule: 'odd', message: 'other reasons', count: 30, of: 50 });
  });
});

test('rules that wait are asked side by side, and the thread is free meanwhile', async () => {
  const order: string[] = [];
  const slow = (name: string, ready: Promise<null>): CompiledGroupRule => ({
    async scoreGroups(groups) {
      order.push(`${name} begins`);
      await ready;
      return groups.map(({ completions }) => completions.map(() => ({ score: 1, why: 'w' })));
    },
    dispose: () => order.push(`${name} ends`),
  });
  const { promise, resolve } = Promise.withResolvers<null>();
  const scorer = createScorer([rule('a', slow('a', promise)), rule('b', slow('b', promise))]);
  const scored = scorer.scoreGroups([group(['x'])]);
  order.push('free');
  resolve(null);
  expect((await scored)[0][0].reward).toBe(2);
  scorer.dispose();
  expect(order).toEqual(['a begins', 'b begins', 'free', 'a ends', 'b ends']);
});

test('a reward model has no scores where there is no engine', async () => {
  const scorer = await compile({ name: 'model', type: 'reward_model', model: '/nowhere' });
  const [[{ reward, scores }]] = await scorer.scoreGroups([group(['x'])]);
  expect([reward, scores[0].why]).toEqual([null, 'not scored here: a reward model needs the engine']);
  expect(scorer.takeWarnings()).toHaveLength(1);
});
