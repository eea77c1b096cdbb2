/** What a rule that asks a language model on this computer may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';

export const judgeRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('judge'),
  url: z
    .string()
    .default('http://127.0.0.1:11434/v1')
    .describe(
      'An OpenAI-compatible endpoint on this computer: Ollama (port 11434), LM Studio (1234), llama.cpp (8080). Other hosts are refused.',
    ),
  model: z.string().min(1).describe("The judge's model, as its server names it."),
  mode: z
    .enum(['pointwise', 'group'])
    .default('pointwise')
    .describe(
      '`pointwise`: a request for each completion; `group`: one for all completions of a prompt, which are compared with one another.',
    ),
  template: z
    .string()
    .min(1)
    .optional()
    .describe(
      "What the judge is asked. {prompt}, {completion}, {answer} (the row's answer column), {row.NAME}, {min} and {max} are filled in; in `group` mode {completions} and {count} instead of {completion}. Left out: a plain question of our own.",
    ),
  min: z
    .number()
    .default(0)
    .describe('The lower end of the scale the judge answers on; the ends become the scores 0 and 1.'),
  max: z.number().default(10).describe('The upper end of the scale.'),
  max_tokens: z.int().positive().default(512).describe('Longest answer of the judge, in tokens.'),
  concurrency: z.int().min(1).max(64).default(2).describe('Requests at a time.'),
  timeout_ms: z.int().min(1).max(3_600_000).default(30_000).describe('Longest time of one request, in milliseconds.'),
  retries: z.int().min(0).max(10).default(1).describe('How often a request that failed is sent again.'),
  give_up_after: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .describe('After so many failed requests in a row the judge is not asked again in the same step.'),
  on_failure: z
    .enum(['null', 'zero', 'fail_run'])
    .default('null')
    .describe('What a completion without a verdict gets: no score, the score 0, or the end of the run.'),
  cache: z
    .boolean()
    .default(true)
    .describe('Whether equal requests are answered from memory, or from the cache folder where the host names one.'),
});

export type JudgeRule = z.infer<typeof judgeRuleSchema>;
