/** A data file in whichever format it is: what it is, and its rows one after the other. */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DataFormat } from '../contract/api/datasets.ts';
import { StudioError } from '../contract/errors.ts';
import { detectDelimiter, readBeginning, readCsvRows } from './formats/csv-rows.ts';
import { readJsonRows } from './formats/json-rows.ts';
import { readJsonlRows } from './formats/jsonl-rows.ts';
import { countParquetRows, readParquetRows } from './formats/parquet-rows.ts';
import type { OnRead, RawRow } from './formats/raw-row.ts';

export interface DataFileSource {
  path: string;
  name: string;
  format: DataFormat;
  bytes: number;
  /** From the file's own index; null where only reading tells. */
  rowCount: number | null;
  rows(onRead?: OnRead): AsyncGenerator<RawRow>;
}

const readers = {
  jsonl: readJsonlRows,
  json: readJsonRows,
  csv: readCsvRows,
  tsv: readCsvRows,
  parquet: readParquetRows,
} satisfies Record<DataFormat, unknown>;

/** @throws StudioError dataset_invalid when the file is missing, empty or of no format that can be read */
export async function openDataFile(path: string): Promise<DataFileSource> {
  const refuse = (message: string, cause?: unknown): never => {
    throw new StudioError('dataset_invalid', `${path} ${message}`, { path }, { cause });
  };
  const entry = await stat(path).catch((error: unknown) =>
    refuse(isMissing(error) ? 'does not exist.' : `cannot be read: ${(error as Error).message}.`, error),
  );
  if (entry.isDirectory()) refuse('is a folder. Choose a file in it.');
  if (entry.size === 0) refuse('is empty.');
  const format = await detectFormat(path).catch((error: unknown) =>
    refuse(`cannot be read: ${(error as Error).message}.`, error),
  );
  if (format === null)
    return refuse('is binary, and no Parquet file. The studio reads JSONL, JSON, CSV, TSV and Parquet.');
  return {
    path,
    name: basename(path),
    format,
    bytes: entry.size,
    rowCount: format === 'parquet' ? await countParquetRows(path) : null,
    rows: (onRead) => guarded(path, readers[format](path, onRead)),
  };
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

async function* guarded(path: string, rows: AsyncGenerator<RawRow>): AsyncGenerator<RawRow> {
  try {
    yield* rows;
  } catch (error) {
    if (error instanceof StudioError) throw error;
    throw new StudioError(
      'dataset_invalid',
      `${path} cannot be read: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
}

/** By what stands in the file; its name decides only between the kinds of text that look alike. */
async function detectFormat(path: string): Promise<DataFormat | null> {
  if (await isParquet(path)) return 'parquet';
  const beginning = await readBeginning(path);
  if (beginning.includes('\0')) return null;
  const extension = /\.(jsonl|ndjson|json|csv|tsv|tab)$/i.exec(path)?.[1].toLowerCase();
  if (extension === 'csv') return 'csv';
  if (extension === 'tsv' || extension === 'tab') return 'tsv';
  const text = beginning.trimStart();
  if (text.startsWith('{')) return extension === 'json' && !isFirstOfLines(text) ? 'json' : 'jsonl';
  if (text.startsWith('[')) return extension === 'jsonl' || extension === 'ndjson' ? 'jsonl' : 'json';
  if (extension === 'jsonl' || extension === 'ndjson') return 'jsonl';
  return (await detectDelimiter(path)) === '\t' ? 'tsv' : 'csv';
}

async function isParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'PAR1';
  } finally {
    await file.close();
  }
}

/** The text begins with a line that is whole JSON, and there are more. */
function isFirstOfLines(text: string): boolean {
  const [first, ...others] = text.split('\n');
  if (!others.some((line) => line.trim() !== '')) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false; // the object goes on in the next line
  }
}
