import { expect, test } from 'vitest';
import { rewardRuleSchema, type RewardRule } from '../../contract/reward-rules.ts';
import { diffRewardSets } from './diff-reward-sets.ts';

const rule = (name: string, change: object = {}): RewardRule =>
  rewardRuleSchema.parse({ name, type: 'answer_match', ...change });
const [a, b, c] = ['a', 'b', 'c'].map((name) => rule(name));

test('tells added, removed and unchanged rules by their names', () => {
  expect(diffRewardSets([a, b], [b, c])).toEqual([
    { rule: 'b', kind: 'unchanged', before: 1, after: 0, moved: false, fields: [] },
    { rule: 'c', kind: 'added', before: null, after: 1, moved: false, fields: [] },
    { rule: 'a', kind: 'removed', before: 0, after: null, moved: false, fields: [] },
  ]);
});

test('names the settings that changed, within rules too', () => {
  const tagged = rule('a', { weight: 2, extract: { type: 'tag', tag: 'answer' }, clip: { min: 0 } });
  const [{ kind, fields }] = diffRewardSets([a], [tagged]);
  expect(kind).toBe('changed');
  expect(fields).toEqual(
    expect.arrayContaining([
      { field: 'weight', before: 1, after: 2 },
      { field: 'extract.type', before: 'text', after: 'tag' },
      { field: 'extract.tag', before: undefined, after: 'answer' },
      { field: 'clip', before: undefined, after: { min: 0 } },
    ]),
  );
  expect(diffRewardSets([a], [rule('a', { compare: 'numeric' })])[0].fields).toEqual([
    { field: 'compare', before: 'exact', after: 'numeric' },
  ]);
});

test('a rule has moved when it stands elsewhere among those that stayed', () => {
  const moved = (before: RewardRule[], after: RewardRule[]) =>
    diffRewardSets(before, after).flatMap(({ rule, moved }) => (moved ? rule : []));
  expect(moved([a, b], [b, a])).toEqual(['b', 'a']);
  expect(moved([a, b], [c, a, b])).toEqual([]);
  expect(moved([a, b, c], [b, c])).toEqual([]);
});
