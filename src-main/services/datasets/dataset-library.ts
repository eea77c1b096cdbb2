/** The library of datasets: a folder for each, filled under a temporary name and renamed, and its entry in the database. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DatasetInfo, DatasetSummary } from '../../contract/api/datasets.ts';
import { datasetMappingSchema, importOptionsSchema } from '../../contract/dataset-mapping.ts';
import { StudioError } from '../../contract/errors.ts';
import type { ImportRequest } from '../../datasets/import-file.ts';
import type { Store, StoredDataset } from '../../store/interfaces.ts';
import { bundled } from '../bundled.ts';
import { removeStale, withTemporary } from '../models/library-folder.ts';
import { runInThread, type TaskControl } from './run-in-thread.ts';
import { fileNames } from './write-import.ts';

/** The dataset that comes with the studio is added once. */
const exampleId = 'addition-example';

export interface DatasetLibrary {
  list(): DatasetSummary[];
  /** @throws StudioError dataset_invalid when there is none of this id */
  info(id: string): DatasetInfo;
  /** The paths of a dataset's files; `eval` is null where no row is held out. */
  files(id: string): { train: string; eval: string | null; dataset: StoredDataset };
  /** Returns the dataset's id. Nothing is left of an import that fails or is given up. */
  add(request: ImportRequest & { name: string }, control: TaskControl): Promise<string>;
  addExample(signal: AbortSignal): Promise<string>;
  /** @throws StudioError run_state while a run that goes on reads it */
  remove(id: string): Promise<void>;
}

interface LibraryParts {
  dataDirectory: string;
  store: Store;
}

export function openDatasetLibrary({ dataDirectory, store: { reader, writer } }: LibraryParts): DatasetLibrary {
  const library = join(dataDirectory, 'datasets');
  const uploads = join(dataDirectory, 'uploads');
  const cleaned = removeStale(library);
  cleaned.catch(() => undefined); // who first adds to the library is told

  function find(id: string): StoredDataset {
    const dataset = reader.findDataset(id);
    if (dataset !== null) return dataset;
    throw new StudioError('dataset_invalid', `There is no dataset ${id}; it may have been deleted.`, { field: 'id' });
  }

  async function add(
    id: string,
    { name, ...request }: ImportRequest & { name: string },
    control: TaskControl,
  ): Promise<string> {
    await cleaned;
    const directory = join(library, id);
    await withTemporary(library, async (temporary) => {
      await mkdir(temporary);
      try {
        const {
          report,
          train,
          eval: held,
          columns,
        } = await runInThread('import', { ...request, folder: temporary }, control);
        await rename(temporary, directory);
        writer.addDataset({
          id,
          name,
          source: [request.path, ...(request.evalPath === null ? [] : [request.evalPath])]
            .map((path) => basename(path))
            .join(' and '),
          directory,
          contentHash: createHash('sha256')
            .update(`${train.hash} ${held?.hash ?? ''}`)
            .digest('hex'),
          rows: train.rows,
          evalRows: held?.rows ?? 0,
          bytes: train.bytes + (held?.bytes ?? 0),
          columns,
          mapping: request.mapping,
          options: request.evalPath === null ? request.options : { ...request.options, evalShare: 0 },
          report,
          createdAt: new Date().toISOString(),
        });
      } catch (error) {
        if (reader.findDataset(id) === null) await rm(directory, { recursive: true, force: true });
        throw error;
      }
    });
    // A browser's upload was made for this import alone.
    for (const path of [request.path, request.evalPath]) {
      if (path !== null && dirname(dirname(path)) === uploads)
        await rm(dirname(path), { recursive: true, force: true });
    }
    return id;
  }

  return {
    list: () => reader.listDatasets().map(summaryOf),
    info: (id) => {
      const dataset = find(id);
      const { contentHash, mapping, options, report } = dataset;
      const summary = summaryOf(dataset);
      return { ...summary, contentHash, mapping, options, report, usedBy: reader.listRunsOfFiles(pathsOf(summary)) };
    },
    files: (id) => {
      const dataset = find(id);
      const { trainPath, evalPath } = summaryOf(dataset);
      return { train: trainPath, eval: evalPath, dataset };
    },
    add: (request, control) => add(makeId(request.name), request, control),
    addExample: async (signal) => {
      if (reader.findDataset(exampleId) !== null) return exampleId;
      const [{ name, path, evalPath }] = bundled.datasets;
      const mapping = datasetMappingSchema.parse({
        prompt: { kind: 'messages', column: 'prompt' },
        roles: { answer: 'answer' },
      });
      return add(exampleId, { name, path, evalPath, mapping, options: importOptionsSchema.parse({}) }, { signal });
    },
    remove: async (id) => {
      const summary = summaryOf(find(id));
      const active = new Set(reader.listActiveRuns());
      const reading = reader.listRunsOfFiles(pathsOf(summary)).filter((run) => active.has(run.id));
      if (reading.length > 0) {
        const sentence = `${summary.name} is read by ${reading.map(({ name }) => name).join(', ')}. Stop that first.`;
        throw new StudioError('run_state', sentence, { field: 'id' });
      }
      // Renamed first: the files are there whole or not at all, also while they go.
      await withTemporary(library, async (temporary) => {
        await rename(join(library, id), temporary).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // somebody deleted the folder by hand
        });
        writer.removeDataset(id);
      });
    },
  };
}

function summaryOf(dataset: StoredDataset): DatasetSummary {
  const { id, name, source, createdAt, rows, evalRows, columns, bytes, directory } = dataset;
  const trainPath = join(directory, fileNames.train);
  const evalPath = evalRows === 0 ? null : join(directory, fileNames.eval);
  return { id, name, source, createdAt, rows, evalRows, columns, bytes, trainPath, evalPath };
}

function pathsOf({ trainPath, evalPath }: DatasetSummary): string[] {
  return evalPath === null ? [trainPath] : [trainPath, evalPath];
}

/** A folder's name that tells what is in it. */
function makeId(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${plain || 'dataset'}-${randomBytes(2).toString('hex')}`;
}
