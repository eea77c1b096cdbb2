/** What rules that hold a completion's answer against the dataset may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';
import { extractionSchema } from './extraction.ts';
import { normalisationSchema } from './normalisation.ts';

/** Where the two texts of a comparison come from. */
const comparison = {
  extract: extractionSchema.default({ type: 'text' }).describe('How the answer is taken out of the completion.'),
  column: z.string().default('answer').describe('The dataset column that holds the right answer.'),
  extract_expected: extractionSchema
    .default({ type: 'text' })
    .describe('How the right answer is taken out of that column (GSM8K keeps it after `####`).'),
  normalise: normalisationSchema
    .default([])
    .describe('Applied to the answer and to the right answer. White space at both ends never counts.'),
};

export const answerMatchRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('answer_match'),
  ...comparison,
  compare: z
    .enum(['exact', 'numeric', 'one_of', 'set'])
    .default('exact')
    .describe(
      "`exact`: equal texts. `numeric`: equal numbers. `one_of`: equal to one of several accepted answers. `set`: the same answers as the column's, in any order. Several answers are a list, a JSON list, or a text divided by `separator`.",
    ),
  separator: z.string().min(1).default(',').describe('Divides answers in a text; `one_of` and `set` only.'),
  tolerance: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Largest absolute difference that still counts as equal; `numeric` only.'),
  relative_tolerance: z
    .number()
    .nonnegative()
    .default(0)
    .describe(
      'Largest difference relative to the right answer that still counts as equal; the wider tolerance counts; `numeric` only.',
    ),
  unit: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The unit of the right answer, such as km or %; an answer in another unit of its kind is converted; `numeric` only.',
    ),
  unit_required: z.boolean().default(false).describe('Whether an answer without the unit is wrong; `numeric` only.'),
});

export const columnCompareRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('column_compare'),
  ...comparison,
  operator: z
    .enum(['==', '!=', '<', '<=', '>', '>=', 'in', 'not_in', 'starts_with', 'ends_with', 'contains'])
    .default('==')
    .describe(
      'The answer stands on the left of it, the column on the right. `in`: the column is a list, or a text that contains the answer.',
    ),
  as: z.enum(['text', 'number']).default('text').describe('What == and != compare; < <= > >= always compare numbers.'),
});

export const similarityRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('similarity'),
  ...comparison,
  measure: z
    .enum(['edit', 'rouge_l'])
    .default('edit')
    .describe(
      '`edit`: 1 − Levenshtein distance ÷ length of the longer text, in UTF-16 units. `rouge_l`: F1 of the longest common subsequence of words, case ignored (Lin 2004).',
    ),
});

export const countdownRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('countdown'),
  extract: extractionSchema
    .default({ type: 'tag', tag: 'answer' })
    .describe('How the expression is taken out of the completion.'),
  numbers_column: z
    .string()
    .default('nums')
    .describe('The dataset column with the given numbers: a list, its JSON, or a text with numbers in it.'),
  target_column: z.string().default('target').describe('The dataset column with the number to reach.'),
  use: z
    .enum(['all', 'some'])
    .default('all')
    .describe('Whether each given number is used exactly once, or at most once.'),
  score_missed: z
    .number()
    .default(0)
    .describe('The score of an expression that keeps to the numbers but misses the target.'),
});

export const jsonSchemaRuleSchema = z.strictObject({
  ...ruleBase,
  type: z.literal('json_schema'),
  extract: extractionSchema
    .default({ type: 'text' })
    .describe(
      'Where the JSON is searched; the whole text, a fenced block, or the longest object or list in the text is taken.',
    ),
  schema: z
    .record(z.string(), z.unknown())
    .describe('A JSON Schema of draft-07 or 2020-12, the latter where `$schema` is left out.'),
  only_json: z.boolean().default(false).describe('Whether the text must be JSON and nothing else.'),
});
