/** What a rule that compares mathematical expressions may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema } from './extraction.ts';

export const mathRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('math'),
  /** How the answer is taken out; left out: the last \boxed{}, else the last formula or what follows "answer is", else the last number. */
  extract: extractionSchema.optional(),
  /** The dataset column that holds the right answer. */
  column: z.string().default('answer'),
  /** How the right answer is taken out of that column; left out: as from a completion, else the whole column. */
  extract_expected: extractionSchema.optional(),
  /** Largest relative difference of two numbers that still counts as equal. */
  tolerance: z.number().nonnegative().max(1).default(1e-6),
  /** Longest time of one comparison, in milliseconds. */
  timeout_ms: z.int().min(1).max(60_000).default(2000),
  /** Longest time of all comparisons of a step together, in milliseconds; those that are left get no score. */
  budget_ms: z.int().min(1).max(3_600_000).default(60_000),
});

export type MathRule = z.infer<typeof mathRuleSchema>;
