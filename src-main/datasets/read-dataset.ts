/** Imports a JSONL dataset and refuses it, with the places at fault, rather than train on a part of it. */
import { stat } from 'node:fs/promises';
import type { DatasetRow } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import { readLines } from './json-lines.ts';
import { parseRow, RowProblem, type RowRequirements } from './parse-row.ts';

export interface ReadDatasetOptions {
  require?: RowRequirements;
}

/** Reading stops after this many problems: the rest is likely more of the same. */
const maxProblems = 20;

interface Problem {
  line: number;
  field: string | undefined;
  message: string;
}

/**
 * Reads a JSONL file: one object a line, with `prompt` (a text or a list of `{role, content}`) and any other columns, or in
 * GSM8K's shape (`question`, `answer`). Blank lines are skipped.
 * @throws StudioError dataset_invalid that lists up to 20 problems; `where` is the first one's file, line and field
 */
export async function readDataset(path: string, options: ReadDatasetOptions = {}): Promise<DatasetRow[]> {
  await requireFile(path);
  const rows: DatasetRow[] = [];
  const problems: Problem[] = [];
  try {
    for await (const { number, text } of readLines(path)) {
      if (text !== null && text.trim() === '') continue;
      try {
        rows.push(parseRow(parseLine(text), rows.length, options.require ?? {}));
      } catch (error) {
        if (!(error instanceof RowProblem)) throw error;
        problems.push({ line: number, field: error.field, message: error.message });
        if (problems.length === maxProblems) break;
      }
    }
  } catch (error) {
    throw new StudioError(
      'dataset_invalid',
      `${path} cannot be read: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
  if (problems.length > 0) throw problemsError(path, problems);
  if (rows.length === 0) throw new StudioError('dataset_invalid', `${path} holds no rows.`, { path });
  return rows;
}

async function requireFile(path: string): Promise<void> {
  let entry;
  try {
    entry = await stat(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'does not exist' : `cannot be read: ${(error as Error).message}`;
    throw new StudioError('dataset_invalid', `${path} ${reason}.`, { path }, { cause: error });
  }
  if (entry.isDirectory())
    throw new StudioError('dataset_invalid', `${path} is a folder. Name the JSONL file in it.`, { path });
}

function parseLine(text: string | null): unknown {
  if (text === null) throw new RowProblem('is not valid UTF-8 text');
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/ at position \d+ \(line \d+ column (\d+)\)/, ' at column $1');
    throw new RowProblem(`is not one whole JSON object: ${reason}`);
  }
}

function problemsError(path: string, problems: Problem[]): StudioError {
  const first = problems[0];
  const where = { path, line: first.line, ...(first.field !== undefined && { field: first.field }) };
  if (problems.length === 1)
    return new StudioError('dataset_invalid', `${path}, line ${first.line}: ${first.message}.`, where);
  const stopped = problems.length === maxProblems ? ` (reading stopped after ${maxProblems})` : '';
  const list = problems.map(({ line, message }) => `\n  line ${line}: ${message}`).join('');
  return new StudioError('dataset_invalid', `${path} has ${problems.length} problems${stopped}:${list}`, where);
}
