/** What becomes of the columns of an imported file: which make the prompt, and which are the answer and the texts to learn. */
import { z } from 'zod';

const column = z.string().min(1);

/**
 * Where the prompt comes from. A text is sent to the model as it is, or as the user's message of a conversation, which the model's
 * chat template renders.
 */
const promptSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('column'), column, form: z.enum(['conversation', 'text']) }),
  z.strictObject({
    kind: z.literal('template'),
    /** `{column}` stands for the column's text, `{{` and `}}` for braces; white space around the whole is dropped. */
    template: z.string(),
    form: z.enum(['conversation', 'text']),
  }),
  /** A list of `{role, content}` or `{from, value}`; the assistant's turn at its end is no part of the prompt. */
  z.strictObject({ kind: z.literal('messages'), column }),
]);

export type PromptSource = z.infer<typeof promptSourceSchema>;

/** The columns with a meaning of their own, by the name that training and reward rules know them under. */
export const columnRoles = ['answer', 'completion', 'chosen', 'rejected', 'score'] as const;

export type ColumnRole = (typeof columnRoles)[number];

export const datasetMappingSchema = z.strictObject({
  prompt: promptSourceSchema,
  /** Put before a conversation as its system message, where it has none; empty: none. */
  system: z.string().default(''),
  /** The file's column for each role that it has. */
  roles: z.partialRecord(z.enum(columnRoles), column).default({}),
  /** `after_hashes` takes what follows the last `####`, as in GSM8K, and keeps the whole as `solution`. */
  answerPart: z.enum(['whole', 'after_hashes']).default('whole'),
  /** Keeps the columns that are not named here, for reward rules to read. */
  keepOthers: z.boolean().default(true),
});

export type DatasetMapping = z.infer<typeof datasetMappingSchema>;

/** Which rows of a file are taken, and how they are divided. */
export const importOptionsSchema = z.strictObject({
  /** Rows with the same prompt are taken once; `normalised` ignores case, white space and a full stop at the end. */
  duplicates: z.enum(['keep', 'exact', 'normalised']).default('exact'),
  /** What a row with a fault does. */
  faults: z.enum(['skip', 'stop']).default('stop'),
  /** Share held out for evaluation. A row's side depends on its prompt and the seed alone, so equal prompts are on one side. */
  evalShare: z.number().min(0).max(0.9).default(0.1),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  /** Only so many rows are taken, the first; absent: all. */
  maxRows: z.int().positive().optional(),
});

export type ImportOptions = z.infer<typeof importOptionsSchema>;
