/** Imports a data file: every row read, mapped, checked, compared with those before it, and written on its side of the split. */
import type { ImportReport, RowFault } from '../contract/api/datasets.ts';
import type { Prompt } from '../contract/dataset.ts';
import type { DatasetMapping, ImportOptions } from '../contract/dataset-mapping.ts';
import { StudioError } from '../contract/errors.ts';
import { excerptOf, type RawRow } from './formats/raw-row.ts';
import { faultOf } from './inspect-file.ts';
import { compileMapping, type MappedRow } from './map-row.ts';
import { openDataFile, type DataFileSource } from './open-data-file.ts';
import { RowProblem } from './parse-row.ts';
import { exactKey, normalisedKey, positionOf } from './prompt-key.ts';

/** So many faults are shown; all are counted. */
const faultsShown = 100;

const reportEvery = 5000; // rows

export interface ImportRequest {
  path: string;
  /** A file of its own to hold out; null: a share of the first is. */
  evalPath: string | null;
  mapping: DatasetMapping;
  options: ImportOptions;
}

/** Where the rows go; a check has none. */
export interface RowSink {
  train(row: object): void;
  eval(row: object): void;
}

/**
 * Reads the files to their ends; memory grows with the number of different prompts alone, not with the rows. A prompt that was taken
 * to train on is not taken again from the file to hold out, where duplicates are not kept.
 * @param onProgress told of the share of the files that was read and the rows in it
 * @throws StudioError dataset_invalid for a file or a mapping that cannot be used; with `faults: 'stop'` and a sink also at the first
 *   faulty row
 */
export async function importFiles(
  { path, evalPath, mapping, options }: ImportRequest,
  sink: RowSink | null,
  onProgress: (share: number, rows: number) => void = () => undefined,
): Promise<ImportReport> {
  const mapRow = compileMapping(mapping);
  const sources = [await openDataFile(path), ...(evalPath === null ? [] : [await openDataFile(evalPath)])];
  const totalBytes = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  const report: ImportReport = { read: 0, train: 0, eval: 0, duplicates: 0, faulty: 0, faults: [] };
  const isNew = duplicateFilter(options.duplicates);
  let readBytes = 0;
  for (const [i, source] of sources.entries()) {
    let taken = 0;
    for await (const raw of source.rows((bytes) => (readBytes += bytes))) {
      if (taken === options.maxRows) break;
      report.read++;
      if (report.read % reportEvery === 0) onProgress(Math.min(1, readBytes / totalBytes), report.read);
      const row = mapOrFault(raw, mapRow, source.name);
      if ('message' in row) {
        if (sink !== null && options.faults === 'stop') throw stopped(source, row);
        report.faulty++;
        if (report.faults.length < faultsShown) report.faults.push(row);
        continue;
      }
      const key = normalisedKey(row.prompt);
      if (!isNew(row.prompt, key)) {
        report.duplicates++;
        continue;
      }
      const heldOut = evalPath === null ? positionOf(key, options.seed) < options.evalShare : i === 1;
      const side = heldOut ? 'eval' : 'train';
      taken++;
      report[side]++;
      sink?.[side]({ prompt: row.prompt, ...row.columns });
    }
  }
  onProgress(1, report.read);
  return report;
}

function duplicateFilter(duplicates: ImportOptions['duplicates']): (prompt: Prompt, normalised: string) => boolean {
  if (duplicates === 'keep') return () => true;
  const known = new Set<string>();
  return (prompt, normalised) => {
    const before = known.size;
    return known.add(duplicates === 'exact' ? exactKey(prompt) : normalised).size > before;
  };
}

function stopped({ path, name }: DataFileSource, { row, field, message }: RowFault): StudioError {
  const sentence = `${name}, row ${row}: ${message}. Mend the row, or choose to skip rows with faults.`;
  return new StudioError('dataset_invalid', sentence, { path, line: row, ...(field === null ? {} : { field }) });
}

/** A row as the mapping makes it, or what is wrong with it. */
export function mapOrFault(raw: RawRow, mapRow: (value: unknown) => MappedRow, file: string): MappedRow | RowFault {
  if (!('value' in raw)) return faultOf(raw, file);
  try {
    return mapRow(raw.value);
  } catch (error) {
    if (!(error instanceof RowProblem)) throw error;
    return { file, row: raw.number, field: error.field ?? null, message: error.message, excerpt: excerptOf(raw.value) };
  }
}
