/** What a rule's scores can be, and whether a perfect answer decides them. */
import type { RewardRule } from '../../../contract/reward-rules.ts';

/** Smallest and largest score before clipping; null where the rule itself does not say. */
function ownRange(rule: RewardRule): [number, number] | null {
  switch (rule.type) {
    case 'javascript':
      return null;
    case 'reward_model':
      return rule.sigmoid ? [0, 1] : null;
    case 'soft_overlong':
      return [-1, 0];
    case 'repetition':
      return [rule.max_penalty, 0];
    case 'kimi_length':
      return [-0.5, 0.5];
    case 'countdown':
      return [Math.min(0, rule.score_missed), Math.max(1, rule.score_missed)];
    case 'cosine': {
      const ends = [rule.min_value_wrong, rule.max_value_wrong, rule.min_value_correct, rule.max_value_correct];
      return [Math.min(...ends), Math.max(...ends)];
    }
    default:
      return [0, 1];
  }
}

/** Smallest and largest score; null where they are not known. */
export function rangeOf(rule: RewardRule): [number, number] | null {
  const range = ownRange(rule);
  if (range === null) {
    const { min, max } = rule.clip ?? {};
    return min === undefined || max === undefined ? null : [min, max];
  }
  const held = (value: number) => Math.min(Math.max(value, rule.clip?.min ?? -Infinity), rule.clip?.max ?? Infinity);
  return [held(range[0]), held(range[1])];
}

const ofAnswers: readonly RewardRule['type'][] = [
  'answer_match',
  'column_compare',
  'similarity',
  'math',
  'countdown',
  'json_schema',
  'regex',
  'contains',
  'not_contains',
  'tag_count',
  'format',
  'think_format',
  'code_tests',
  'cosine',
];

/**
 * The score from which a perfect answer has done all it can; null for a rule that looks at something else: length, language, style, or
 * what a model or a script makes of it.
 */
export function bestForAnswer(rule: RewardRule): number | null {
  if (!ofAnswers.includes(rule.type)) return null;
  // A correct answer is worth at least the smaller end of the cosine; the rest is its length.
  if (rule.type === 'cosine') return Math.min(rule.min_value_correct, rule.max_value_correct);
  return rangeOf(rule)?.[1] ?? null;
}

const ofOutcome: readonly RewardRule['type'][] = ['answer_match', 'column_compare', 'math', 'countdown', 'code_tests'];

/** The rule that says what is right: the first that compares with the dataset, else the first of all. */
export function outcomeOf<R extends Pick<RewardRule, 'type'>>(rules: readonly R[]): R | undefined {
  return rules.find(({ type }) => ofOutcome.includes(type)) ?? rules[0];
}
