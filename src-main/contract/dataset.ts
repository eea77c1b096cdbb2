/** Rows of a dataset as the rooms hand them to each other. */
import { z } from 'zod';

export const messageSchema = z.object({
  role: z.string(),
  content: z.string(),
});

export type Message = z.infer<typeof messageSchema>;

/** A prompt is plain text, sent to the model as it is, or a conversation, rendered by the model's chat template. */
export const promptSchema = z.union([z.string(), z.array(messageSchema).min(1)]);

export type Prompt = z.infer<typeof promptSchema>;

export const datasetRowSchema = z.object({
  /** 0-based position among the rows of the file; identifies the prompt within its dataset. */
  index: z.number().int().nonnegative(),
  prompt: promptSchema,
  /** Every other column of the row, as imported. Reward rules read them; SFT reads `completion`. */
  columns: z.record(z.string(), z.unknown()),
});

export type DatasetRow = z.infer<typeof datasetRowSchema>;
