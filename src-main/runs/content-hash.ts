/** Content hashes: tell whether a run finds the same rows again when it goes on. */
import { createHash } from 'node:crypto';
import type { RunConfig } from '../contract/config.ts';
import type { DatasetRow } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import type { RunHashes, StoredRun } from '../store/interfaces.ts';

/** The rows a run works on, as the composer read them from the files its configuration names. */
export interface RunRows {
  trainRows: DatasetRow[];
  /** Empty without an evaluation dataset. */
  evalRows: DatasetRow[];
}

export function hashContent(run: RunConfig, { trainRows, evalRows }: RunRows): RunHashes {
  return {
    datasetHash: hashValues(trainRows),
    evalDatasetHash: run.config.eval_dataset === undefined ? null : hashValues(evalRows),
  };
}

/** @throws StudioError dataset_invalid when the rows are not those the run was created with */
export function requireSameRows(run: StoredRun, rows: RunRows): void {
  const { datasetHash, evalDatasetHash } = hashContent(run.run, rows);
  const { dataset, eval_dataset: evalDataset = '' } = run.run.config;
  if (datasetHash !== run.datasetHash) throw changed(run.id, dataset);
  if (evalDatasetHash !== run.evalDatasetHash) throw changed(run.id, evalDataset);
}

function changed(id: string, path: string): StudioError {
  const sentence = `${path} has changed since run ${id} was created, and a run goes on only with the rows it began with. Restore the file, or begin a new run.`;
  return new StudioError('dataset_invalid', sentence, { path });
}

/** SHA-256 (hex) of a list of plain values; the order of the keys in an object does not matter. */
function hashValues(values: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(`${JSON.stringify(value, withSortedKeys)}\n`);
  return hash.digest('hex');
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([first], [second]) => (first < second ? -1 : 1)));
}
