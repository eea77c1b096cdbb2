/** Datasets, as the interfaces ask for them. */
import { basename } from 'node:path';
import type { Endpoints } from '../../contract/api.ts';
import type { DatasetOutputs, ImportReport, LengthStatistics } from '../../contract/api/datasets.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { bundled } from '../bundled.ts';
import type { JobProgress } from '../jobs.ts';
import type { StudioContext } from '../studio-context.ts';
import { openDatasetLibrary } from './dataset-library.ts';
import { FileSamples } from './file-samples.ts';
import { previewRows } from './preview-mapping.ts';
import { RowPages } from './read-rows.ts';
import { runInThread, type TaskControl } from './run-in-thread.ts';

const checksKept = 20;

export function datasetEndpoints({
  dataDirectory,
  store,
  jobs,
  models,
}: StudioContext): Endpoints<keyof DatasetOutputs> {
  const library = openDatasetLibrary({ dataDirectory, store });
  const samples = new FileSamples();
  const pages = new RowPages();
  const checks = new Map<string, ImportReport>();
  const statistics = new Map<string, LengthStatistics>();
  let tokenizer: { folder: string; loaded: Promise<Tokenizer> } | null = null;

  const [starter] = bundled.models;

  async function modelOf(model: string | undefined): Promise<{ name: string; folder: string }> {
    if (model === undefined || model === starter.path) return { name: starter.name, folder: starter.path };
    return { name: basename(model), folder: await models.folderOf(model) };
  }

  /** The last one used is kept: a preview asks for the same at every change. */
  function tokenizerOf(folder: string): Promise<Tokenizer> {
    if (tokenizer?.folder === folder) return tokenizer.loaded;
    const loaded = loadTokenizer(folder);
    tokenizer = { folder, loaded };
    loaded.catch(() => (tokenizer = null)); // it may be mended by the next time
    return loaded;
  }

  return {
    'inspect-data-file': async ({ path }) => (await samples.inspect(path)).file,
    'preview-mapping': async ({ path, mapping, model, limit }) => {
      const { name, folder } = await modelOf(model);
      const rows = previewRows(await samples.inspect(path), mapping, await tokenizerOf(folder), limit);
      return { model: name, rows };
    },
    'check-mapping': (request) => {
      const job = jobs.begin(`Check ${basename(request.path)}`, async (progress) => {
        const found = await runInThread('check', request, controlOf(progress));
        checks.set(job, found);
        const [oldest] = checks.keys();
        if (checks.size > checksKept) checks.delete(oldest);
        return job;
      });
      return job;
    },
    'read-mapping-check': ({ job }) => checks.get(job) ?? null,
    'import-dataset': (request) =>
      jobs.begin(`Import ${basename(request.path)}`, (progress) => library.add(request, controlOf(progress))),
    'list-datasets': () => library.list(),
    'read-dataset-info': ({ id }) => library.info(id),
    'read-dataset-rows': ({ id, split, ...page }, signal) => {
      const { train, eval: held, dataset } = library.files(id);
      const path = split === 'train' ? train : held;
      if (path === null) return { total: 0, rows: [] };
      return pages.read({ ...page, path, rows: split === 'train' ? dataset.rows : dataset.evalRows }, signal);
    },
    'dataset-statistics': async ({ id, model }, signal) => {
      const { train, eval: held, dataset } = library.files(id);
      const { name, folder } = await modelOf(model);
      const key = `${dataset.contentHash} ${folder}`;
      const known = statistics.get(key);
      if (known !== undefined) return known;
      const parts = [{ path: train, rows: dataset.rows }];
      if (held !== null) parts.push({ path: held, rows: dataset.evalRows });
      const counted = { model: name, ...(await runInThread('statistics', { parts, modelFolder: folder }, { signal })) };
      statistics.set(key, counted);
      return counted;
    },
    'delete-dataset': async ({ id }) => {
      await library.remove(id);
      return null;
    },
    'add-example-dataset': (_input, signal) => library.addExample(signal),
  };
}

function controlOf(progress: JobProgress): TaskControl {
  return {
    signal: progress.signal,
    onProgress: (share, rows) => progress.report(share, `${rows.toLocaleString('en')} rows`),
  };
}
