/** What a rule that runs a completion's JavaScript against unit tests may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema } from './extraction.ts';
import { sandboxLimits } from './sandbox-limits.ts';

export const codeTestsRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('code_tests'),
  extract: extractionSchema
    .optional()
    .describe('How the code is taken out of the completion; left out: the last fenced block, else the whole text.'),
  column: z
    .string()
    .default('tests')
    .describe(
      'The dataset column with the tests: a list (or its JSON) of `{ call, expected }`, each call an expression, or of statements that throw when they fail; or the text of one script, a test a line.',
    ),
  mode: z
    .enum(['share', 'all'])
    .default('share')
    .describe('`share`: tests passed ÷ tests; `all`: 1 when every test passes, else 0.'),
  ...sandboxLimits,
  timeout_ms: z
    .int()
    .min(1)
    .max(60_000)
    .default(1000)
    .describe("Longest time of one completion's code and tests, in milliseconds."),
});

export type CodeTestsRule = z.infer<typeof codeTestsRuleSchema>;
