/** What a rule written in JavaScript may say, and what its `score` function gets and returns: the one place that defines both. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { sandboxLimits } from './sandbox-limits.ts';

export const javascriptRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('javascript'),
  source: z
    .string()
    .min(1)
    .max(1_000_000)
    .describe(
      'A script that defines `function score({ prompt, completion, reasoning, answer, row, tokens })`, with or without `export`.',
    ),
  seed: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'Seeds Math.random, which otherwise throws: the numbers depend on the seed and on prompt and completion alone.',
    ),
  ...sandboxLimits,
  timeout_ms: z.int().min(1).max(60_000).default(100).describe('Longest time of one call, in milliseconds.'),
});

export type JavascriptRule = z.infer<typeof javascriptRuleSchema>;

/** What `score` is called with. */
export const scoreInputSchema = z.object({
  prompt: z.string().describe('The prompt as the model saw it.'),
  completion: z.string().describe('The whole completion.'),
  reasoning: z.string().nullable().describe('What stands between <think> and </think>; null without such a part.'),
  answer: z
    .string()
    .describe('What stands in <answer> and </answer>, else what follows </think>, else the whole completion.'),
  row: z.record(z.string(), z.unknown()).describe("The other columns of the prompt's row in the dataset."),
  tokens: z.array(z.number()).describe('Token ids of the completion, the end token included.'),
});

export type ScoreInput = z.infer<typeof scoreInputSchema>;

/** What `score` returns. */
export const scoreOutputSchema = z.union([
  z.number(),
  z.null(),
  z.object({
    score: z.number().nullable().describe('Finite; null where the rule does not apply to the row.'),
    why: z.string().optional().describe('One sentence that explains the score.'),
    spans: z
      .array(
        z.object({
          start: z.number().describe('First UTF-16 unit of the completion.'),
          end: z.number().describe('The unit after the last.'),
        }),
      )
      .optional()
      .describe('The parts of the completion that decided the score.'),
  }),
]);
