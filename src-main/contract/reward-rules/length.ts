/** What rules about the length of completions, and about saying the same again, may say. */
import { z } from 'zod';
import { answerMatchRuleSchema } from './answer.ts';
import { ruleBase } from './base.ts';
import { mathRuleSchema } from './math.ts';

const base = { name: true, weight: true, enabled: true, clip: true, metric_only: true } as const;

/** When a completion counts as correct: where this check scores 1. */
const correctness = z
  .discriminatedUnion('type', [answerMatchRuleSchema.omit(base), mathRuleSchema.omit(base)])
  .describe('When a completion counts as correct: where this check scores 1.');

const lengthUnit = z.enum(['tokens', 'characters']).describe('What the length is counted in.');

/** 1 for a length from `min` to `max` tokens, both included; outside it falls in a line to 0 over `slack` tokens. */
export const lengthBandRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('length_band'),
  min: z.int().nonnegative().default(0).describe('Shortest length with the full score, in tokens.'),
  max: z.int().positive().describe('Longest length with the full score, in tokens.'),
  slack: z.int().nonnegative().default(0).describe('Tokens over which the score falls to 0 on both sides.'),
});

/** Soft overlong punishment, DAPO (arXiv 2503.14476) eq. 13: 0 down to −1 over the last `cache` tokens before `max_length`. */
export const softOverlongRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('soft_overlong'),
  max_length: z.int().positive().describe('The length with the full punishment, in tokens.'),
  cache: z.int().nonnegative().describe('Over how many tokens before it the punishment grows.'),
});

/** Share of repeated n-grams, times `max_penalty` (arXiv 2502.03373, C.2): TRL's in tokens, open-r1's in lower-case words. */
export const repetitionRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('repetition'),
  ngram_size: z.int().positive().default(3).describe('How many in a row count as one.'),
  max_penalty: z.number().nonpositive().default(-1).describe('The score where everything is repeated.'),
  unit: z.enum(['tokens', 'words']).default('tokens').describe('What is counted.'),
});

/** Length × correctness on a cosine (arXiv 2502.03373, C.1): shorter is better where correct, and worse where wrong. */
export const cosineRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('cosine'),
  correct: correctness,
  unit: lengthUnit.default('tokens'),
  max_length: z.int().positive().describe('The length at which the cosine ends.'),
  clamp: z
    .boolean()
    .default(true)
    .describe('Whether longer completions stay at the end of the cosine (TRL) or follow it up again (open-r1).'),
  min_value_wrong: z.number().default(-1).describe('The score of the shortest wrong completion.'),
  max_value_wrong: z.number().default(-0.5).describe('The score of the longest wrong completion.'),
  min_value_correct: z.number().default(0.5).describe('The score of the longest correct completion.'),
  max_value_correct: z.number().default(1).describe('The score of the shortest correct completion.'),
  without_answer: z
    .number()
    .nullable()
    .default(null)
    .describe('The score where correctness does not apply to the row: none (TRL), or a number (open-r1: 1).'),
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
  without_answer: z
    .enum(['null', 'correct'])
    .default('null')
    .describe(
      'What a completion is where correctness does not apply to the row: without a score, or correct (open-r1).',
    ),
});
