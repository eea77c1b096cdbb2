/** Looks at all prompts before a run starts, so that one that is too long does not end it hours later. */
import type { DatasetRow } from '../../contract/dataset.ts';
import { StudioError } from '../../contract/errors.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';

/**
 * @param path of the dataset, for the error
 * @param room tokens that a prompt may have: the model's context less the longest completion
 * @throws StudioError `dataset_invalid` when a prompt is longer, naming the first such row and how many there are
 */
export function checkPrompts(rows: readonly DatasetRow[], path: string, tokenizer: Tokenizer, room: number): void {
  const lengths = rows.map(({ prompt }) => tokenizer.encodePrompt(prompt).tokens.length);
  const tooLong = lengths.filter((length) => length > room).length;
  if (tooLong === 0) return;
  const first = lengths.findIndex((length) => length > room);
  const others = tooLong === 1 ? '' : ` and ${tooLong - 1} more rows`;
  const message =
    `the prompt of row ${rows[first].index + 1}${others} of ${path} leaves no room in the model's context: ${lengths[first]} tokens ` +
    `where max_completion_length leaves ${room}; drop or shorten such prompts, or lower max_completion_length`;
  throw new StudioError('dataset_invalid', message, { path, field: 'prompt' });
}
