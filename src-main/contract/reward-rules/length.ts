/** What rules about the length of completions, and about saying the same again, may say. */
import { z } from 'zod';
import { answerMatchRuleSchema } from './answer.ts';
import { ruleBase } from './base.ts';
import { mathRuleSchema } from './math.ts';

const base = { name: true, weight: true, enabled: true, clip: true, metric_only: true } as const;

/** When a completion counts as correct: where this check scores 1. */
const correctness = z.discriminatedUnion('type', [answerMatchRuleSchema.omit(base), mathRuleSchema.omit(base)]);

const lengthUnit = z.enum(['tokens', 'characters']);

/** 1 for a length from `min` to `max` tokens, both included; outside it falls in a line to 0 over `slack` tokens. */
export const lengthBandRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('length_band'),
  min: z.int().nonnegative().default(0),
  max: z.int().positive(),
  slack: z.int().nonnegative().default(0),
});

/** Soft overlong punishment, DAPO (arXiv 2503.14476) eq. 13: 0 down to −1 over the last `cache` tokens before `max_length`. */
export const softOverlongRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('soft_overlong'),
  max_length: z.int().positive(),
  cache: z.int().nonnegative(),
});

/** Share of repeated n-grams, times `max_penalty` (arXiv 2502.03373, C.2): TRL's in tokens, open-r1's in lower-case words. */
export const repetitionRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('repetition'),
  ngram_size: z.int().positive().default(3),
  max_penalty: z.number().nonpositive().default(-1),
  unit: z.enum(['tokens', 'words']).default('tokens'),
});

/** Length × correctness on a cosine (arXiv 2502.03373, C.1): shorter is better where correct, and worse where wrong. */
export const cosineRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('cosine'),
  correct: correctness,
  unit: lengthUnit.default('tokens'),
  /** The length at which the cosine ends. */
  max_length: z.int().positive(),
  /** Whether longer completions stay at the end of the cosine (TRL) or follow it up again (open-r1). */
  clamp: z.boolean().default(true),
  min_value_wrong: z.number().default(-1),
  max_value_wrong: z.number().default(-0.5),
  min_value_correct: z.number().default(0.5),
  max_value_correct: z.number().default(1),
  /** The score where correctness does not apply to the row: none (TRL), or a number (open-r1: 1). */
  without_answer: z.number().nullable().default(null),
});

/**
 * The length reward of Kimi k1.5 (arXiv 2501.12599, 2.3.3), over the completions of a group: 0.5 − (length − shortest) ÷
 * (longest − shortest), and no more than 0 where wrong; 0 where all are of one length.
 */
export const kimiLengthRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('kimi_length'),
  correct: correctness,
  unit: lengthUnit.default('tokens'),
  /** What a completion is where correctness does not apply to the row: without a score, or correct (open-r1). */
  without_answer: z.enum(['null', 'correct']).default('null'),
});
