/** What a reward model learns from: rows of ranked completions or of scored ones, told apart by their columns. */
import type { DatasetRow } from '../../contract/dataset.ts';
import { StudioError } from '../../contract/errors.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
import type { TokenGroup } from '../model/packed-batch.ts';

/** Ranked rows hold `chosen` and `rejected`, scored ones `completion` and `score`. */
export type ExampleKind = 'ranked' | 'scored';

/** Columns that hold text, by kind; a ranked row's are its completions in the order of its scores. */
const textColumns = { ranked: ['chosen', 'rejected'], scored: ['completion'] } as const;

/**
 * Holds all rows of a run to the kind of the first one.
 *
 * @throws StudioError `dataset_invalid` for the first row that is of no kind or of another, with what it has
 */
export function checkExamples(trainRows: readonly DatasetRow[], evalRows: readonly DatasetRow[]): void {
  const kind = exampleKind(trainRows);
  for (const [rows, field] of [
    [trainRows, 'dataset'],
    [evalRows, 'eval_dataset'],
  ] as const) {
    for (const row of rows) checkRow(row, kind, field);
  }
}

/** The kind of rows that are all of one: that of the first. */
export function exampleKind([{ index, columns }]: readonly DatasetRow[]): ExampleKind {
  if ('chosen' in columns && 'rejected' in columns) return 'ranked';
  if ('completion' in columns && 'score' in columns) return 'scored';
  throw new StudioError(
    'dataset_invalid',
    `row ${index} of dataset has neither the columns chosen and rejected (ranked completions) nor completion and score (scored ones); besides its prompt it has ${columnNames(columns)}`,
    { field: 'dataset' },
  );
}

function checkRow({ index, columns }: DatasetRow, kind: ExampleKind, field: string): void {
  const refuse = (message: string): never => {
    throw new StudioError('dataset_invalid', `row ${index} of ${field} ${message}`, { field });
  };
  const require = (column: string, wanted: string, fits: boolean): void => {
    if (fits) return;
    const found =
      column in columns ? JSON.stringify(columns[column]).slice(0, 40) : `nothing, only ${columnNames(columns)}`;
    refuse(`must hold ${wanted} in its column ${column}, as a row of ${kind} completions, but has ${found}`);
  };
  for (const column of textColumns[kind]) require(column, 'a text', typeof columns[column] === 'string');
  if (kind === 'scored') require('score', 'a number', typeof columns.score === 'number');
  if (kind === 'ranked' && columns.chosen === columns.rejected) {
    refuse('has the same text in its columns chosen and rejected and ranks nothing; drop it');
  }
}

function columnNames(columns: Record<string, unknown>): string {
  return Object.keys(columns).join(', ') || 'no columns';
}

/**
 * @returns the row's prompt once and its completions, the end token as the last of each, as in supervised fine-tuning
 * @throws StudioError `dataset_invalid` when a text is longer than the model's context
 */
export function tokenizeExample(
  row: DatasetRow,
  kind: ExampleKind,
  tokenizer: Tokenizer,
  { maxPositions }: DecoderConfig,
): TokenGroup {
  const { tokens: promptTokens } = tokenizer.encodePrompt(row.prompt);
  const completions = textColumns[kind].map((column) => {
    const completion = completionTokens(row.columns[column] as string, tokenizer);
    const length = promptTokens.length + completion.length;
    if (length > maxPositions) {
      throw new StudioError(
        'dataset_invalid',
        `row ${row.index} has ${length} tokens with its ${column}, more than the model's context of ${maxPositions}; shorten or drop it`,
        { field: column },
      );
    }
    return completion;
  });
  return { promptTokens, completions };
}

/** A finished completion's token ids: its text and the end token, unless the text is written with one. */
export function completionTokens(text: string, tokenizer: Tokenizer): Int32Array {
  const tokens = tokenizer.encode(text);
  const ended = tokenizer.eosTokenIds.includes(tokens.at(-1) ?? -1);
  return ended ? tokens : Int32Array.of(...tokens, ...tokenizer.eosTokenIds.slice(0, 1));
}
