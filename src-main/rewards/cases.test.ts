/** The table of hand-checked cases, scored through the whole pipeline. */
import { afterAll, describe, expect, test } from 'vitest';
import { rewardRuleSchema } from '../contract/reward-rules.ts';
import { answerCases } from './cases/answer-cases.ts';
import { extractionCases } from './cases/extraction-cases.ts';
import { lengthCases } from './cases/length-cases.ts';
import { mathCases } from './cases/math-cases.ts';
import type { RuleCase } from './cases/rule-case.ts';
import { codeCases, scriptCases } from './cases/sandbox-cases.ts';
import { textCases } from './cases/text-cases.ts';
import { compileRules } from './compile-rules.ts';
import type { RewardScorer } from './reward-scorer.ts';

const titled = (cases: RuleCase[]) =>
  cases.map((one): [string, RuleCase] => [`${one.rule.type} of ${JSON.stringify(one.text || one.tokens.length)}`, one]);

const tables: [string, RuleCase[]][] = [
  ['answers', answerCases],
  ['extractions', extractionCases],
  ['texts', textCases],
  ['lengths', lengthCases],
  ['mathematics', mathCases],
  ['code', codeCases],
  ['scripts', scriptCases],
];

/** One scorer for all cases of a rule: those that run code or algebra start a thread of their own. */
const scorers = new Map<RuleCase['rule'], Promise<RewardScorer>>();

function scorerOf(rule: RuleCase['rule']): Promise<RewardScorer> {
  const known = scorers.get(rule) ?? compileRules([rewardRuleSchema.parse({ ...rule, name: 'rule' })]);
  scorers.set(rule, known);
  return known;
}

afterAll(async () => {
  for (const scorer of scorers.values()) (await scorer).dispose();
});

describe.each(tables)('%s', (_, cases) => {
  test.each(titled(cases))('%s', async (_title, { rule, text, columns, tokens, score, at, why }) => {
    const scorer = await scorerOf(rule);
    const row = { index: 0, prompt: 'prompt', columns };
    const [[{ scores }]] = await scorer.scoreGroups([{ prompt: 'prompt', row, completions: [{ text, tokens }] }]);
    const [verdict] = scores;
    expect(scorer.takeWarnings()).toEqual([]);
    if (score === null) expect(verdict.score).toBeNull();
    else expect(verdict.score).toBeCloseTo(score, 12);
    expect(verdict.why).toMatch(/\S/);
    if (why !== undefined) expect(verdict.why).toContain(why);
    if (at !== undefined) {
      const [span] = verdict.spans ?? [];
      expect(span && text.slice(span.start, span.end)).toBe(at);
    }
  });
});
