/** What a rule that asks a language model on this computer may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';

export const judgeRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('judge'),
  /** An OpenAI-compatible endpoint on this computer: Ollama (port 11434), LM Studio (1234), llama.cpp (8080). Other hosts are refused. */
  url: z.string().default('http://127.0.0.1:11434/v1'),
  /** The judge's model, as its server names it. */
  model: z.string().min(1),
  /** `pointwise`: a request for each completion; `group`: one for all completions of a prompt, which are compared with one another. */
  mode: z.enum(['pointwise', 'group']).default('pointwise'),
  /**
   * What the judge is asked. {prompt}, {completion}, {reasoning}, {answer} (the row's answer column), {row.NAME}, {min} and {max} are
   * filled in; in `group` mode {completions} and {count} instead of {completion}. Left out: a plain question of our own.
   */
  template: z.string().min(1).optional(),
  /** The scale the judge answers on; its ends become the scores 0 and 1. */
  min: z.number().default(0),
  max: z.number().default(10),
  /** Longest answer of the judge, in tokens. */
  max_tokens: z.int().positive().default(512),
  /** Requests at a time. */
  concurrency: z.int().min(1).max(64).default(2),
  /** Longest time of one request, in milliseconds. */
  timeout_ms: z.int().min(1).max(3_600_000).default(30_000),
  /** How often a request that failed is sent again. */
  retries: z.int().min(0).max(10).default(1),
  /** After so many failed requests in a row the judge is not asked again in the same step. */
  give_up_after: z.int().min(1).max(1000).default(3),
  /** What a completion without a verdict gets: no score, the score 0, or the end of the run. */
  on_failure: z.enum(['null', 'zero', 'fail_run']).default('null'),
  /** Whether equal requests are answered from memory, or from the cache folder where the host names one. */
  cache: z.boolean().default(true),
});

export type JudgeRule = z.infer<typeof judgeRuleSchema>;
