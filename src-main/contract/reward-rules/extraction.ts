/** How the text to score is taken out of a completion, or the right answer out of a column. */
import { z } from 'zod';

/** How a pattern is read. Patterns run in time linear in the text (RE2 syntax: no lookaround, no backreferences). */
export const patternFlags = {
  ignore_case: z.boolean().default(false).describe('upper and lower case are the same'),
  multiline: z.boolean().default(false).describe('^ and $ also match at line breaks'),
  dot_all: z.boolean().default(true).describe('. also matches line breaks'),
};

const oneStep = [
  z.strictObject({ type: z.literal('text') }).describe('the whole text'),
  z
    .strictObject({
      type: z.literal('tag'),
      tag: z
        .string()
        .regex(/^[\w-]+$/, 'a tag name without its brackets, such as answer')
        .describe('Its name without brackets, such as answer.'),
    })
    .describe('the text between <tag> and </tag>; the last such pair'),
  z
    .strictObject({
      type: z.literal('regex'),
      pattern: z.string().describe('A regular expression of RE2: no lookaround, no backreferences.'),
      group: z.int().nonnegative().default(1).describe('Which capture group is taken; 0 is the whole match.'),
      ...patternFlags,
    })
    .describe('a capture group of the first match of a regular expression'),
  z.strictObject({ type: z.literal('last_number') }).describe('the last number in the text'),
  z
    .strictObject({ type: z.literal('boxed') })
    .describe(
      'the inside of the last \\boxed{…} whose braces are balanced, \\fbox and the spaced "\\boxed 7" included',
    ),
  z
    .strictObject({
      type: z.literal('after'),
      marker: z.string().min(1).default('####').describe('What the text stands behind.'),
    })
    .describe('what follows the last marker, up to the end of its line'),
  z
    .strictObject({
      type: z.literal('json_path'),
      path: z.string().default('').describe('Such as result.items[0].name; empty for the whole value.'),
    })
    .describe(
      'a value in the JSON of the text, such as result.items[0].name or ["odd key"]; an empty path is the whole value; objects and lists are written as JSON without spaces, names sorted',
    ),
  z
    .strictObject({ type: z.literal('reasoning') })
    .describe('the part before the first </think>, without the <think> in front of it'),
  z
    .strictObject({ type: z.literal('answer_part') })
    .describe('the inside of the last <answer>…</answer>; else what follows the last </think>; else the whole text'),
] as const;

export const extractionSchema = z.discriminatedUnion('type', [
  ...oneStep,
  z
    .strictObject({ type: z.literal('chain'), steps: z.array(z.discriminatedUnion('type', oneStep)).min(1).max(5) })
    .describe('several, each from what the one before it found'),
]);

export type Extraction = z.infer<typeof extractionSchema>;
