/** What the thread for datasets is asked to do, and what it says. */
import type { ImportReport, LengthStatistics } from '../../contract/api/datasets.ts';
import type { ErrorRecord } from '../../contract/errors.ts';
import type { ImportRequest } from '../../datasets/import-file.ts';
import type { Inspection } from '../../datasets/inspect-file.ts';
import type { WrittenFile } from '../../datasets/row-file.ts';

export interface ImportedFiles {
  report: ImportReport;
  train: WrittenFile;
  /** null: no row is held out */
  eval: WrittenFile | null;
  /** Names of the columns besides the prompt. */
  columns: string[];
}

/** Each task's input and result. */
export interface ThreadTasks {
  inspect: { input: { path: string }; result: Inspection };
  check: { input: ImportRequest; result: ImportReport };
  /** Writes train.jsonl and eval.jsonl into an empty folder. */
  import: { input: ImportRequest & { folder: string }; result: ImportedFiles };
  /** Row numbers, 0-based and ascending, of the rows that hold the text. */
  search: { input: { path: string; text: string }; result: Uint32Array };
  /** `parts`: the row files, with their numbers of rows. */
  statistics: {
    input: { parts: { path: string; rows: number }[]; modelFolder: string };
    result: Omit<LengthStatistics, 'model'>;
  };
}

export type TaskName = keyof ThreadTasks;

export interface ThreadTask<Name extends TaskName = TaskName> {
  name: Name;
  input: ThreadTasks[Name]['input'];
}

export type ThreadMessage =
  | { kind: 'progress'; share: number; rows: number }
  | { kind: 'result'; result: unknown }
  | { kind: 'error'; error: ErrorRecord };
