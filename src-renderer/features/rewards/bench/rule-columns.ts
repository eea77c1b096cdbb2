/** Which columns of the dataset a set of rules reads. */
import { optionOf, withDefaults, type Schema, type Values } from '../../../lib/rule-schema.ts';

export function columnsOfRules(rules: readonly Values[], schema: Schema): string[] {
  return [...new Set(rules.flatMap((rule) => columnsOf(withDefaults(rule, optionOf(schema, rule['type'])))))];
}

function columnsOf(rule: Values): string[] {
  const own = Object.entries(rule).flatMap(([name, value]) =>
    (name === 'column' || name.endsWith('_column')) && typeof value === 'string' && value !== '' ? [value] : [],
  );
  const correct = rule['correct'];
  return correct !== null && typeof correct === 'object'
    ? [...own, ...columnsOf({ column: 'answer', ...correct })]
    : own;
}
