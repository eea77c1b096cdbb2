/** The form of the table of hand-checked cases: what a rule says of a text and a row. */
import type { z } from 'zod';
import type { rewardRuleSchema } from '../../contract/reward-rules.ts';

type RuleInput = z.input<typeof rewardRuleSchema>;

/** A rule as a person writes it; its name does not matter here. */
export type Rule = RuleInput extends infer One ? (One extends RuleInput ? Omit<One, 'name'> : never) : never;

export interface RuleCase {
  rule: Rule;
  text: string;
  columns: Record<string, unknown>;
  tokens: number[];
  score: number | null;
  /** The text at the first span; undefined: not looked at. */
  at?: string;
  /** The sentence, or a part of it. */
  why?: string;
}

type Columns = Record<string, unknown>;

/** Cases of one rule: text, columns of the row, score, and where it applies the text at the first span and the sentence. */
export function casesOf(
  rule: Rule,
  cases: [text: string, columns: Columns, score: number | null, at?: string | undefined, why?: string][],
): RuleCase[] {
  return cases.map(([text, columns, score, at, why]) => ({
    rule,
    text,
    columns,
    tokens: [],
    score,
    ...(at !== undefined && { at }),
    ...(why !== undefined && { why }),
  }));
}

/** Cases of one rule about tokens: their ids, or how many there are, and the score. */
export function tokenCases(rule: Rule, cases: [tokens: number[] | number, score: number, why?: string][]): RuleCase[] {
  return cases.map(([tokens, score, why]) => ({
    rule,
    text: '',
    columns: {},
    tokens: typeof tokens === 'number' ? Array.from({ length: tokens }, (_, index) => index) : tokens,
    score,
    ...(why !== undefined && { why }),
  }));
}
