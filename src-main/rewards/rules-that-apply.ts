/** Finds rules that would never say anything of a dataset, before a run is spent on them. */
import type { DatasetRow } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import { compilePointwise, isPointwise } from './rule-types.ts';

/** Types of rules that apply or not by the row alone. */
const comparing: readonly RewardRule['type'][] = ['answer_match', 'column_compare', 'similarity', 'countdown'];

/**
 * Holds the rules that compare with a column to the rows: one that applies to no row, for a column misspelt or an answer to extract,
 * would leave a run that looks healthy and learns nothing. Rules that take time (code, judges, models) are not asked.
 *
 * @param path of the dataset, for the sentence
 * @throws StudioError reward_invalid for the first rule that applies to no row
 */
export function requireRulesThatApply(rules: readonly RewardRule[], rows: readonly DatasetRow[], path: string): void {
  const empty = { text: '', tokens: [] };
  for (const [index, rule] of rules.entries()) {
    if (!rule.enabled || !comparing.includes(rule.type) || !isPointwise(rule)) continue;
    const field = `rewards.${index}`;
    const score = compilePointwise(rule, field);
    if (rows.some((row) => score(empty, row).score !== null)) continue;
    const { why } = score(empty, rows[0]);
    const sentence = `The rule ${rule.name} applies to no row of ${path}. The first row: ${why}. Correct its column, extract_expected or compare.`;
    throw new StudioError('reward_invalid', sentence, { path, field });
  }
}
