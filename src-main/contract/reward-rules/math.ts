/** What a rule that compares mathematical expressions may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema } from './extraction.ts';

export const mathRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('math'),
  extract: extractionSchema
    .optional()
    .describe(
      'How the answer is taken out; left out: the last \\boxed{}, else what follows "answer is", else the last formula, else the last number.',
    ),
  column: z.string().default('answer').describe('The dataset column that holds the right answer.'),
  extract_expected: extractionSchema
    .optional()
    .describe(
      'How the right answer is taken out of that column; left out: the last \\boxed{}, else what follows ####, "answer is", or the last formula in a sentence, else the whole column.',
    ),
  tolerance: z
    .number()
    .nonnegative()
    .max(1)
    .default(1e-6)
    .describe('Largest relative difference of two numbers that still counts as equal.'),
  timeout_ms: z.int().min(1).max(60_000).default(2000).describe('Longest time of one comparison, in milliseconds.'),
  budget_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(60_000)
    .describe('Longest time of all comparisons of a step together, in milliseconds; those that are left get no score.'),
});

export type MathRule = z.infer<typeof mathRuleSchema>;
