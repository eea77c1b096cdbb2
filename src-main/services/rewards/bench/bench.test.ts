import { describe, expect, test } from 'vitest';
import { rewardRuleSchema, type RewardRule } from '../../../contract/reward-rules.ts';
import { readDataset } from '../../../datasets/read-dataset.ts';
import { rulesOfPreset } from '../../../rewards/presets.ts';
import { benchDataset } from './bench-dataset.ts';
import { benchText } from './bench-text.ts';

const rule = (name: string, settings: object): RewardRule => rewardRuleSchema.parse({ name, ...settings });
const right = rule('right', { type: 'answer_match' });
const row = { index: 3, prompt: [{ role: 'user', content: '1+1=' }], columns: { answer: '2' } };
const addition = new URL('../../../../resources/datasets/addition/eval.jsonl', import.meta.url).pathname;

describe('texts of one row', () => {
  test('rewards, spread and advantages, by hand', async () => {
    const report = await benchText(
      [right, rule('short', { type: 'length_band', max: 2, weight: 0.5 })],
      ['2', 'three'],
      row,
    );
    const [group] = report.samples;
    expect(group).toMatchObject({ row: 3, step: null, prompt: '1+1=' });
    expect(group.completions.map(({ reward }) => reward)).toEqual([1.5, 0.5]);
    // mean 1, deviation √½: (r − 1) ÷ (√½ + 1e-4)
    group.completions.forEach(({ advantage }, place) =>
      expect(advantage).toBeCloseTo((place === 0 ? 0.5 : -0.5) / (Math.SQRT1_2 + 1e-4), 12),
    );
    expect(report.rewards).toEqual({ count: 2, mean: 1, std: expect.closeTo(Math.SQRT1_2, 12), min: 0.5, max: 1.5 });
    expect(report).toMatchObject({ comparedGroups: 1, zeroVarianceGroups: 0 });
    expect(report.notes[0]).toContain('Tokens are counted as words');
  });

  test('advantages follow the settings', async () => {
    const of = async (change: object) => {
      const settings = {
        advantage_baseline: 'mean',
        scale_rewards: 'group',
        multi_objective_aggregation: 'sum_then_normalize',
        ...change,
      } as const;
      const report = await benchText(
        [right, rule('metric', { type: 'regex', pattern: '3', metric_only: true })],
        ['2', '3'],
        row,
        {
          advantages: settings,
        },
      );
      return report.samples[0].completions.map(({ advantage }) => advantage);
    };
    expect(await of({ scale_rewards: 'none' })).toEqual([0.5, -0.5]);
    expect(await of({ scale_rewards: 'none', advantage_baseline: 'none' })).toEqual([1, 0]);
    const [first, second] = await of({ multi_objective_aggregation: 'normalize_then_sum' });
    expect(first).toBeGreaterThan(0.5);
    expect(second).toBeCloseTo(-first, 12);
  });

  test('without a row, rules that compare do not apply', async () => {
    const { samples, findings } = await benchText([right], ['2'], null);
    expect(samples[0]).toMatchObject({ row: null, completions: [{ reward: null, advantage: 0 }] });
    expect(findings.map(({ code }) => code)).toEqual(['never_applies']);
  });

  test('what fails in a script is counted', async () => {
    const broken = rule('broken', { type: 'javascript', source: 'function score() { throw new Error("oh"); }' });
    const { warnings } = await benchText([right, broken], ['1', '2', '3'], row);
    expect(warnings).toEqual([{ rule: 'broken', message: expect.stringContaining('oh'), count: 3 }]);
  });
});

describe('findings', () => {
  const texts = Array.from({ length: 12 }, (_, place) => (place % 3 === 0 ? '2' : `wrong ${'very '.repeat(place)}`));
  const codes = async (rules: RewardRule[], of = texts) =>
    (await benchText(rules, of, row)).findings.map(({ code, rule }) => `${code} ${rule}`);

  test.each<[string, RewardRule[], string[]]>([
    ['nothing is wrong', [right], []],
    [
      'a rule works against the outcome',
      [right, rule('long', { type: 'regex', pattern: 'very', weight: 0.5 })],
      ['wrong_sign long'],
    ],
    ['with its sign turned it does not', [right, rule('long', { type: 'regex', pattern: 'very', weight: -1 })], []],
    [
      'a bonus for what is punished',
      [right, rule('over', { type: 'soft_overlong', max_length: 9, cache: 4, weight: -1 })],
      ['wrong_sign over'],
    ],
    ['the outcome is punished', [rule('right', { type: 'answer_match', weight: -1 })], ['wrong_sign right']],
    [
      'a rule that drowns the outcome',
      [right, rule('big', { type: 'not_contains', texts: ['very'], weight: 30 })],
      ['dwarfed right'],
    ],
    ['a rule that never fires', [right, rule('never', { type: 'regex', pattern: 'xyz' })], ['never_fires never']],
    ['a penalty that never fires', [right, rule('never', { type: 'regex', pattern: 'xyz', weight: -1 })], []],
    [
      'a column that is not there',
      [right, rule('odd', { type: 'answer_match', column: 'anser' })],
      ['never_applies odd'],
    ],
    ['a reward model', [right, rule('model', { type: 'reward_model', model: 'm' })], ['not_scored_here model']],
    ['all the same', [rule('all', { type: 'not_contains', texts: ['xyz'] })], ['constant_reward null']],
  ])('%s', async (_, rules, wanted) => {
    expect(await codes(rules)).toEqual(wanted);
  });
});

describe('gold answers', () => {
  test('every row of the addition data gets the maximum', async () => {
    const rows = await readDataset(addition);
    const shares: number[] = [];
    const report = await benchDataset(rulesOfPreset('arithmetic'), rows, { onProgress: (share) => shares.push(share) });
    expect(report.gold).toMatchObject({ rows: rows.length, perfect: rows.length, judged: ['accuracy', 'format'] });
    expect(report.findings).toEqual([]);
    expect(report.rewards).toMatchObject({ min: 1.2, max: 1.2 });
    expect(shares.at(-1)).toBe(1);
    expect(shares.length).toBe(4);
  });

  test('rows that do not are named with their reasons', async () => {
    const rows = [
      row,
      { ...row, index: 4, columns: { answer: '2', completion: 'It is 2' } },
      { ...row, index: 5, columns: {} },
    ];
    const { gold, findings } = await benchDataset([right], rows);
    expect(gold).toMatchObject({ rows: 3, perfect: 1, unwritten: 1 });
    expect(gold.imperfect).toEqual([
      {
        row: 4,
        completion: 'It is 2',
        reward: 0,
        missed: [{ rule: 'right', score: 0, best: 1, why: expect.any(String) }],
      },
    ]);
    expect(findings.map(({ code }) => code)).toEqual(['gold_not_best']);
  });

  test('a row that no answer can be held against is not perfect for its form', async () => {
    const rows = [{ ...row, columns: { answer: 'two' } }];
    const { gold } = await benchDataset(rulesOfPreset('arithmetic'), rows);
    expect(gold.perfect).toBe(0);
    expect(gold.imperfect[0].missed).toMatchObject([{ rule: 'accuracy', score: null, best: 1 }]);
  });

  test('a rule that does not apply to the row is none of its faults where another does', async () => {
    const other = rule('other', { type: 'answer_match', compare: 'numeric' });
    const { gold } = await benchDataset([right, other], [{ ...row, columns: { answer: 'two' } }]);
    expect(gold.perfect).toBe(1);
  });

  test('can be given up', async () => {
    const rows = await readDataset(addition);
    const controller = new AbortController();
    const work = benchDataset([right], rows, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(work).rejects.toThrow(/abort/i);
  });
});
