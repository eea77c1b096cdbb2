/** Which settings of a rule a form shows: those that have an effect, and which of them are seldom touched. */
import type { Values } from '../../lib/rule-schema.ts';

/** By the choice they belong to: without it they are without effect. */
const conditions: Record<string, (rule: Values) => boolean> = {
  separator: ({ compare }) => compare === 'one_of' || compare === 'set',
  tolerance: ({ type, compare }) => type !== 'answer_match' || compare === 'numeric',
  relative_tolerance: ({ compare }) => compare === 'numeric',
  unit: ({ type, compare }) => type !== 'answer_match' || compare === 'numeric',
  unit_required: ({ unit }) => unit !== undefined && unit !== '',
  as: ({ operator }) => operator === '==' || operator === '!=',
};

/** @param rule with its defaults */
export function appliesTo(rule: Values, name: string): boolean {
  return conditions[name]?.(rule) ?? true;
}

const limits = ['clip', 'seed', 'concurrency', 'retries', 'give_up_after', 'max_tokens'];

/** Whether a setting bounds the score or the work, rather than decides the score. */
export function isLimit(name: string): boolean {
  return limits.includes(name) || /_(ms|mb|kb)$/.test(name);
}
