import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rewardRuleSchema, type RewardRule } from '../../../contract/reward-rules.ts';
import { recordedRun, runId, type RecordedRun } from '../fixtures/recorded-run.ts';
import { benchRun } from './bench-run.ts';
import { rescoreRun } from './rescore-run.ts';

let recorded: RecordedRun;
beforeAll(async () => {
  recorded = await recordedRun();
});
afterAll(() => {
  recorded.store.close();
  rmSync(recorded.folder, { recursive: true });
});

const rule = (name: string, settings: object): RewardRule => rewardRuleSchema.parse({ name, ...settings });
const rescore = (rules: RewardRule[], options = {}) => rescoreRun(recorded.store.reader, runId, rules, options);

describe('the run by its own rules', () => {
  test('gives what was recorded, advantages included', async () => {
    const { reader } = recorded.store;
    const report = await benchRun(reader, 'sums', recorded.rules);
    const stored = [1, 2].flatMap((step) => reader.getStep(runId, step)!.groups);
    expect(report).toMatchObject({ groups: 4, completions: 12 });
    expect(report.samples.map(({ step, row }) => [step, row])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
    report.samples.forEach(({ completions }, g) =>
      completions.forEach(({ reward, advantage, scores }, c) => {
        const was = stored[g].completions[c];
        expect([reward, scores]).toEqual([was.reward, was.scores]);
        expect(advantage).toBeCloseTo(was.advantage, 6);
      }),
    );
  });

  test('changes nothing', async () => {
    expect(await rescore(recorded.rules)).toMatchObject({
      run: runId,
      spearman: { overall: expect.closeTo(1, 12), withinGroups: expect.closeTo(1, 12) },
      kendall: { overall: expect.closeTo(1, 12), withinGroups: expect.closeTo(1, 12) },
      best: { compared: 4, changed: 0 },
      zeroVariance: { before: 1, after: 1, became: { count: 0 }, ceased: { count: 0 } },
    });
  });
});

describe('the run by other rules', () => {
  test('that turn the order round', async () => {
    const opposite = recorded.rules.map((one) => ({ ...one, weight: -one.weight }));
    const { spearman, best, zeroVariance } = await rescore(opposite);
    expect(spearman.withinGroups).toBeCloseTo(-1, 12);
    expect(best).toMatchObject({ compared: 4, changed: 3 });
    expect(best.examples[0]).toEqual({
      step: 1,
      row: 0,
      before: { text: 'it is 2', oldReward: 1.5, newReward: -1.5 },
      after: { text: 'it is not 3', oldReward: expect.closeTo(1 / 3, 12), newReward: expect.closeTo(-1 / 3, 12) },
    });
    expect(zeroVariance).toMatchObject({ before: 1, after: 1 });
  });

  test('that see no difference, or a new one', async () => {
    const flat = await rescore([rule('any', { type: 'not_contains', texts: ['xyz'] })]);
    expect(flat.zeroVariance).toEqual({
      before: 1,
      after: 4,
      became: {
        count: 3,
        examples: [
          { step: 1, row: 0 },
          { step: 1, row: 1 },
          { step: 2, row: 1 },
        ],
      },
      ceased: { count: 0, examples: [] },
    });
    expect(flat.spearman).toEqual({ overall: null, withinGroups: null });
    expect(flat.steps).toEqual([
      { step: 1, before: expect.any(Number), after: 1 },
      { step: 2, before: expect.any(Number), after: 1 },
    ]);
  });

  test('reward models that the run did not ask are named', async () => {
    const { findings, rules } = await rescore([
      ...recorded.rules,
      rule('model', { type: 'reward_model', model: '/m' }),
    ]);
    expect(findings.map(({ code, rule }) => [code, rule])).toContainEqual(['not_scored_here', 'model']);
    expect(rules.at(-1)).toMatchObject({ unscored: 12 });
  });
});

test("a reward model's recorded scores stand in for it, where it was asked in the same way", async () => {
  const { store, folder, rules } = await recordedRun(true);
  const rewards = async (changed: RewardRule[]) => {
    const { samples, findings } = await benchRun(store.reader, runId, changed);
    return { first: samples[0].completions[0], codes: findings.map(({ code }) => code) };
  };
  const same = await rewards(rules);
  expect(same.first.reward).toBe(store.reader.getStep(runId, 1)!.groups[0].completions[0].reward);
  expect(same.first.scores[2]).toEqual({ rule: 'taste', score: 'it is 2'.length, why: 'long' });
  const renamed = await rewards([{ ...rules[2], name: 'other', weight: 0.1 }]);
  expect(renamed.first.scores[0]).toMatchObject({ rule: 'other', score: 7 });
  const changed = await rewards([rewardRuleSchema.parse({ ...rules[2], sigmoid: true })]);
  expect(changed.codes).toContain('not_scored_here');
  store.close();
  rmSync(folder, { recursive: true });
});

describe('what is read', () => {
  test('chosen steps, and at most so many', async () => {
    const stepsOf = async (options: object) => (await rescore(recorded.rules, options)).steps.map(({ step }) => step);
    expect(await stepsOf({ steps: [2] })).toEqual([2]);
    expect(await stepsOf({ limit: 1 })).toEqual([2]);
    await expect(stepsOf({ steps: [7] })).rejects.toThrow(`Run ${runId} has no step 7: they end at 2.`);
  });

  test('only the dataset of the run', async () => {
    const other = join(recorded.folder, 'other.jsonl');
    writeFileSync(other, '{"prompt": "1+1=", "answer": "3"}\n');
    await expect(rescore(recorded.rules, { dataset: other })).rejects.toMatchObject({ code: 'dataset_invalid' });
    await expect(rescore(recorded.rules, { dataset: join(recorded.folder, 'no') })).rejects.toMatchObject({
      code: 'dataset_invalid',
    });
  });

  test('between steps it can be given up', async () => {
    const controller = new AbortController();
    const work = rescore(recorded.rules, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(work).rejects.toThrow(/abort/i);
  });
});
