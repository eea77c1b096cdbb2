/** What rules that hold a completion's answer against the dataset may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema } from './extraction.ts';
import { normalisationSchema } from './normalisation.ts';

/** Where the two texts of a comparison come from. */
const comparison = {
  extract: extractionSchema.default({ type: 'text' }),
  /** The dataset column that holds the right answer. */
  column: z.string().default('answer'),
  /** How the right answer is taken out of that column (GSM8K keeps it after `####`). */
  extract_expected: extractionSchema.default({ type: 'text' }),
  /** Applied to the answer and to the right answer. White space at both ends never counts. */
  normalise: normalisationSchema.default([]),
};

export const answerMatchRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('answer_match'),
  ...comparison,
  /**
   * `exact`: equal texts. `numeric`: equal numbers. `one_of`: equal to one of several accepted answers. `set`: the same answers as
   * the column's, in any order. Several answers are a list, a JSON list, or a text divided by `separator`.
   */
  compare: z.enum(['exact', 'numeric', 'one_of', 'set']).default('exact'),
  /** Divides answers in a text; `one_of` and `set` only. */
  separator: z.string().min(1).default(','),
  /** Largest absolute difference that still counts as equal; `numeric` only. */
  tolerance: z.number().nonnegative().default(0),
  /** Largest difference relative to the right answer that still counts as equal; the wider tolerance counts; `numeric` only. */
  relative_tolerance: z.number().nonnegative().default(0),
  /** The unit of the right answer, such as km or %; an answer in another unit of its kind is converted; `numeric` only. */
  unit: z.string().min(1).optional(),
  /** Whether an answer without the unit is wrong; `numeric` only. */
  unit_required: z.boolean().default(false),
});

export const columnCompareRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('column_compare'),
  ...comparison,
  /** The answer stands on the left of it, the column on the right. `in`: the column is a list, or a text that contains the answer. */
  operator: z
    .enum(['==', '!=', '<', '<=', '>', '>=', 'in', 'not_in', 'starts_with', 'ends_with', 'contains'])
    .default('=='),
  /** What == and != compare; < <= > >= always compare numbers. */
  as: z.enum(['text', 'number']).default('text'),
});

export const similarityRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('similarity'),
  ...comparison,
  /**
   * `edit`: 1 − Levenshtein distance ÷ length of the longer text, in UTF-16 units. `rouge_l`: F1 of the longest common subsequence of
   * words, case ignored (Lin 2004).
   */
  measure: z.enum(['edit', 'rouge_l']).default('edit'),
});

export const countdownRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('countdown'),
  extract: extractionSchema.default({ type: 'tag', tag: 'answer' }),
  /** The dataset column with the given numbers: a list, its JSON, or a text with numbers in it. */
  numbers_column: z.string().default('nums'),
  target_column: z.string().default('target'),
  /** Whether each given number is used exactly once, or at most once. */
  use: z.enum(['all', 'some']).default('all'),
  /** The score of an expression that keeps to the numbers but misses the target. */
  score_missed: z.number().default(0),
});

export const jsonSchemaRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('json_schema'),
  /** Where the JSON is searched; the whole text, a fenced block, or the longest object or list in the text is taken. */
  extract: extractionSchema.default({ type: 'text' }),
  /** A JSON Schema of draft-07 or 2020-12, the latter where `$schema` is left out. */
  schema: z.record(z.string(), z.unknown()),
  /** Whether the text must be JSON and nothing else. */
  only_json: z.boolean().default(false),
});
