/** Changes of rule sets that were left without being saved: they last as long as the page. */
import type { Values } from '../../lib/rule-schema.ts';

const kept = new Map<string, Values[]>();

/** @param set what the set is called; empty for a new one */
export function keep(set: string, rules: Values[]): void {
  kept.set(set, rules);
}

/** Gives them once. */
export function takeKept(set: string): Values[] | null {
  const rules = kept.get(set) ?? null;
  kept.delete(set);
  return rules;
}
