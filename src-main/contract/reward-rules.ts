/** What a reward rule may say. Rules are data: they are written in the config, stored with the run, and scored by the rewards room. */
import { z } from 'zod';

/** How the text to score is taken out of a completion. */
export const extractionSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }).describe('the whole completion'),
  z
    .strictObject({
      type: z.literal('tag'),
      tag: z.string().regex(/^[\w-]+$/, 'a tag name without its brackets, such as answer'),
    })
    .describe('the text between <tag> and </tag>; the last such pair'),
  z
    .strictObject({ type: z.literal('regex'), pattern: z.string(), group: z.int().nonnegative().default(1) })
    .describe('a capture group of the first match of a regular expression'),
  z.strictObject({ type: z.literal('last_number') }).describe('the last number in the text'),
  z
    .strictObject({ type: z.literal('after'), marker: z.string().min(1).default('####') })
    .describe('what follows the last marker, up to the end of its line'),
]);

export type Extraction = z.infer<typeof extractionSchema>;

const ruleBase = {
  /** Names the rule in metrics (`rewards/<name>/mean`) and in the database. */
  name: z.string().regex(/^[A-Za-z0-9_.-]+$/, 'letters, digits, _, . and - only'),
  /** Factor of this rule's score in the total reward. */
  weight: z.number().default(1),
};

export const rewardRuleSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...ruleBase,
    type: z.literal('answer_match'),
    extract: extractionSchema.default({ type: 'text' }),
    /** The dataset column that holds the right answer. */
    column: z.string().default('answer'),
    /** How the right answer is taken out of that column (GSM8K keeps it after `####`). */
    extract_expected: extractionSchema.default({ type: 'text' }),
    compare: z.enum(['exact', 'numeric']).default('exact'),
    /** Largest absolute difference that still counts as equal; `numeric` only. */
    tolerance: z.number().nonnegative().default(0),
  }),
  z.strictObject({
    ...ruleBase,
    type: z.literal('regex'),
    extract: extractionSchema.default({ type: 'text' }),
    pattern: z.string(),
  }),
  z.strictObject({
    ...ruleBase,
    type: z.literal('format'),
    /** Tags that must follow one another, each exactly once and with nothing around them: `<think>…</think><answer>…</answer>`. */
    tags: z
      .array(z.string().regex(/^[\w-]+$/))
      .min(1)
      .default(['think', 'answer']),
  }),
  z.strictObject({
    ...ruleBase,
    /** TRL's `think_format_reward`: 1 for a completion that starts with one <think>…</think>. */
    type: z.literal('think_format'),
  }),
  z.strictObject({
    ...ruleBase,
    /** Soft overlong punishment, DAPO (arXiv 2503.14476) eq. 13: 0 down to −1 over the last `cache` tokens before `max_length`. */
    type: z.literal('soft_overlong'),
    max_length: z.int().positive(),
    cache: z.int().positive(),
  }),
  z.strictObject({
    ...ruleBase,
    /** TRL's repetition penalty: the share of repeated n-grams among the completion's tokens, times `max_penalty`. */
    type: z.literal('repetition'),
    ngram_size: z.int().positive().default(3),
    max_penalty: z.number().nonpositive().default(-1),
  }),
]);

export type RewardRule = z.infer<typeof rewardRuleSchema>;
