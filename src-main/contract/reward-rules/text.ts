/** What rules about the text of a completion may say, no right answer needed. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema, patternFlags } from './extraction.ts';

const extract = extractionSchema.default({ type: 'text' });

const texts = z.array(z.string().min(1)).min(1).max(1000);

export const regexRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('regex'),
  extract,
  pattern: z.string(),
  ...patternFlags,
});

export const containsRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('contains'),
  extract,
  texts,
  /** Whether all of the texts must appear, or one of them. */
  need: z.enum(['all', 'any']).default('all'),
  ignore_case: z.boolean().default(false),
});

export const notContainsRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('not_contains'),
  extract,
  texts,
  ignore_case: z.boolean().default(false),
});

/** open-r1's `reasoning_steps_reward` in general form: matches of a pattern, over the number that is wanted, at most 1. */
export const patternCountRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('pattern_count'),
  extract,
  pattern: z.string(),
  ...patternFlags,
  /** So many matches give the full score. */
  target: z.int().positive().default(3),
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
  /** Tags that must follow one another, each exactly once and with nothing around them: `<think>…</think><answer>…</answer>`. */
  tags: z
    .array(z.string().regex(/^[\w-]+$/))
    .min(1)
    .default(['think', 'answer']),
  /** `soft`: any white space around the tags. `strict`: each tag on a line of its own, and no other white space around them. */
  newlines: z.enum(['soft', 'strict']).default('soft'),
});

/** TRL's `think_format_reward`: 1 for a completion that starts with one <think>…</think>. */
export const thinkFormatRuleSchema = z.strictObject({ ...ruleBase, type: z.literal('think_format') });

export const scriptRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('script'),
  extract,
  /** A Unicode script by its long name: Latin, Cyrillic, Han, Arabic, … The score is its share of the letters. */
  script: z.string().regex(/^[A-Za-z_]+$/, 'a Unicode script such as Latin, Cyrillic or Han'),
  /** With it the score is 1 from this share on, else 0. */
  min_share: z.number().min(0).max(1).optional(),
});

export const languageRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('language'),
  extract,
  /** ISO 639-1 code: 1 when the text is in this language, judged on its first 200 characters, else 0. */
  language: z.string().regex(/^[a-z]{2}$/, 'an ISO 639-1 code such as en or de'),
});
