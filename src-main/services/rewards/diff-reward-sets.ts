/** What differs between two sets of reward rules: versions of one name, or the sets of two runs. */
import type { RewardRule } from '../../contract/reward-rules.ts';
import type { ChangedField, RuleDifference } from '../../contract/rewards.ts';

/**
 * Rules are the same rule when they have the same name.
 *
 * @returns one entry for each name: the rules of `after` in order, then those that were removed
 */
export function diffRewardSets(before: readonly RewardRule[], after: readonly RewardRule[]): RuleDifference[] {
  const placeIn = (rules: readonly RewardRule[], name: string) => rules.findIndex((rule) => rule.name === name);
  const kept = after.filter(({ name }) => placeIn(before, name) >= 0).map(({ name }) => name);
  const order = kept.toSorted((a, b) => placeIn(before, a) - placeIn(before, b));
  const differences = after.map((rule, place): RuleDifference => {
    const { name } = rule;
    const old = placeIn(before, name);
    if (old < 0) return { rule: name, kind: 'added', before: null, after: place, moved: false, fields: [] };
    const fields = changedFields(before[old], rule, '');
    const moved = order.indexOf(name) !== kept.indexOf(name);
    return { rule: name, kind: fields.length > 0 ? 'changed' : 'unchanged', before: old, after: place, moved, fields };
  });
  const removed = before.flatMap(({ name }, place): RuleDifference[] =>
    placeIn(after, name) >= 0
      ? []
      : [{ rule: name, kind: 'removed', before: place, after: null, moved: false, fields: [] }],
  );
  return [...differences, ...removed];
}

function changedFields(before: unknown, after: unknown, field: string): ChangedField[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => changedFields(before[key], after[key], field === '' ? key : `${field}.${key}`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
