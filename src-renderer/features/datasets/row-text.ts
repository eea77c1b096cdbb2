/** Rows as text for people. */
import type { DatasetRowPage } from '../../../src-main/contract/api/datasets.ts';

export type Row = DatasetRowPage['rows'][number];

/** The prompt in one line: of a conversation what was last asked. */
export function promptLine({ prompt }: Row): string {
  return typeof prompt === 'string' ? prompt : (prompt.at(-1)?.content ?? '');
}

export function columnText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
