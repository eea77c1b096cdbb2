/** Writes the rows of an import into the files of a dataset. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError } from '../../contract/errors.ts';
import { importFiles, type ImportRequest } from '../../datasets/import-file.ts';
import { RowFileWriter } from '../../datasets/row-file.ts';
import type { ImportedFiles } from './thread-tasks.ts';

/** Names of a dataset's files in its folder. */
export const fileNames = { train: 'train.jsonl', eval: 'eval.jsonl' } as const;

/**
 * @param folder empty
 * @throws StudioError dataset_invalid when the file, the mapping or a row cannot be used, or no row is left to train on
 */
export async function writeImport(
  folder: string,
  request: ImportRequest,
  onProgress: (share: number, rows: number) => void,
): Promise<ImportedFiles> {
  const train = new RowFileWriter(join(folder, fileNames.train));
  const held = new RowFileWriter(join(folder, fileNames.eval));
  const columns = new Set<string>();
  const writeTo = (file: RowFileWriter) => (row: object) => {
    for (const name of Object.keys(row)) columns.add(name);
    file.write(row);
  };
  const report = await importFiles(request, { train: writeTo(train), eval: writeTo(held) }, onProgress);
  if (report.train === 0) {
    const sentence = `${request.path} leaves no row to train on: of ${report.read} rows, ${report.faulty} have faults and ${report.eval} are held out.`;
    throw new StudioError('dataset_invalid', sentence, { path: request.path });
  }
  columns.delete('prompt');
  const written = { train: train.finish(), eval: held.finish() };
  if (report.eval === 0) {
    for (const name of [fileNames.eval, `${fileNames.eval}.marks`]) rmSync(join(folder, name));
  }
  return { report, columns: [...columns], train: written.train, eval: report.eval === 0 ? null : written.eval };
}
