/** What rules about the text of a completion may say, no right answer needed. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema, patternFlags } from './extraction.ts';

const extract = extractionSchema.default({ type: 'text' }).describe('The part of the completion that is looked at.');

const texts = z.array(z.string().min(1)).min(1).max(1000).describe('The texts that are searched for.');

const pattern = z.string().describe('A regular expression of RE2: no lookaround, no backreferences.');

export const regexRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('regex'),
  extract,
  pattern,
  ...patternFlags,
});

export const containsRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('contains'),
  extract,
  texts,
  need: z.enum(['all', 'any']).default('all').describe('Whether all of the texts must appear, or one of them.'),
  ignore_case: z.boolean().default(false).describe('Upper and lower case are the same.'),
});

export const notContainsRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('not_contains'),
  extract,
  texts,
  ignore_case: z.boolean().default(false).describe('Upper and lower case are the same.'),
});

/** open-r1's `reasoning_steps_reward` in general form: matches of a pattern, over the number that is wanted, at most 1. */
export const patternCountRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('pattern_count'),
  extract,
  pattern,
  ...patternFlags,
  target: z.int().positive().default(3).describe('So many matches give the full score.'),
});

/** open-r1's `tag_count_reward` in general form: the share of the texts that appear exactly once. */
export const tagCountRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('tag_count'),
  texts: texts.default(['<think>\n', '\n</think>\n', '\n<answer>\n', '\n</answer>']),
});

export const formatRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('format'),
  tags: z
    .array(z.string().regex(/^[\w-]+$/))
    .min(1)
    .default(['think', 'answer'])
    .describe(
      'Tags that must follow one another, each exactly once and with nothing around them: `<think>…</think><answer>…</answer>`.',
    ),
  newlines: z
    .enum(['soft', 'strict'])
    .default('soft')
    .describe(
      '`soft`: any white space around the tags. `strict`: each tag on a line of its own, and no other white space around them.',
    ),
});

/** TRL's `think_format_reward`: 1 for a completion that starts with one <think>…</think>. */
export const thinkFormatRuleSchema = z.strictObject({ ...ruleBase, type: z.literal('think_format') });

export const scriptRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('script'),
  extract,
  script: z
    .string()
    .regex(/^[A-Za-z_]+$/, 'a Unicode script such as Latin, Cyrillic or Han')
    .describe(
      'A Unicode script by its long name: Latin, Cyrillic, Han, Arabic, … The score is its share of the letters.',
    ),
  min_share: z.number().min(0).max(1).optional().describe('With it the score is 1 from this share on, else 0.'),
});

export const languageRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('language'),
  extract,
  language: z
    .string()
    .regex(/^[a-z]{2}$/, 'an ISO 639-1 code such as en or de')
    .describe('ISO 639-1 code: 1 when the text is in this language, judged on its first 200 characters, else 0.'),
});
