import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Endpoints } from '../../contract/api.ts';
import type { DatasetOutputs } from '../../contract/api/datasets.ts';
import type { Job } from '../../contract/api/jobs.ts';
import { datasetMappingSchema, importOptionsSchema } from '../../contract/dataset-mapping.ts';
import { readDataset } from '../../datasets/read-dataset.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/interfaces.ts';
import { Jobs } from '../jobs.ts';
import type { StudioContext } from '../studio-context.ts';
import { datasetEndpoints } from './dataset-endpoints.ts';

const { signal } = new AbortController();
const mapping = datasetMappingSchema.parse({
  prompt: { kind: 'column', column: 'question', form: 'conversation' },
  roles: { answer: 'answer' },
});
const options = importOptionsSchema.parse({ evalShare: 0.2 });

let folder: string;
let store: Store;
let jobs: Jobs;
let api: Endpoints<keyof DatasetOutputs>;
let waiting: Map<string, (job: Job) => void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'datasets-'));
  store = openStore(join(folder, 'studio.sqlite'));
  waiting = new Map();
  jobs = new Jobs((job) => {
    if (job.state !== 'running') waiting.get(job.id)?.(job);
  });
  // The endpoints for datasets use no more of the context, as long as the model is the starter.
  api = datasetEndpoints({ dataDirectory: folder, store, jobs } as StudioContext);
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function ended(id: string): Promise<Job> {
  return new Promise((resolve) => waiting.set(id, resolve));
}

function csv(name: string, rows: number): string {
  mkdirSync(join(folder, 'uploads/1'), { recursive: true });
  const path = join(folder, 'uploads/1', name);
  const lines = Array.from({ length: rows }, (_, i) => `What is ${i} + ${i}?,${2 * i},level ${i % 3}`);
  writeFileSync(path, `question,answer,level\n${lines.join('\n')}\n`);
  return path;
}

async function importCsv(rows = 500): Promise<string> {
  const path = csv('sums.csv', rows);
  const { result, error } = await ended(
    await api['import-dataset']({ path, evalPath: null, mapping, options, name: 'Sums' }, signal),
  );
  expect(error).toBeNull();
  return result as string;
}

const stored = () => readdirSync(join(folder, 'datasets'));

describe('an imported dataset', () => {
  test('is listed, and its files are what runs read', async () => {
    const id = await importCsv();
    const [summary] = await api['list-datasets'](null, signal);
    expect(summary).toMatchObject({ id, name: 'Sums', source: 'sums.csv', columns: ['answer', 'level'] });
    expect(summary.rows + summary.evalRows).toBe(500);
    const rows = await readDataset(summary.trainPath);
    expect(rows).toHaveLength(summary.rows);
    expect(rows[0]).toEqual({
      index: 0,
      prompt: [{ role: 'user', content: expect.stringMatching(/^What is \d+ \+ \d+\?$/) as string }],
      columns: {
        answer: expect.stringMatching(/^\d+$/) as string,
        level: expect.stringMatching(/^level \d$/) as string,
      },
    });
    expect(await readDataset(summary.evalPath as string)).toHaveLength(summary.evalRows);
    const info = await api['read-dataset-info']({ id }, signal);
    expect(info).toMatchObject({ mapping, options, usedBy: [], report: { read: 500, faulty: 0 } });
    expect(stored()).toEqual([id]);
    expect(readdirSync(join(folder, 'uploads'))).toEqual([]); // the browser's copy is not kept twice
  });

  test('is read in pages and searched, without regard to case', async () => {
    const id = await importCsv();
    const page = { id, split: 'train' as const, offset: 0, limit: 500, search: '' };
    const all = await api['read-dataset-rows'](page, signal);
    expect((await api['read-dataset-rows']({ ...page, offset: 130, limit: 3 }, signal)).rows).toEqual(
      all.rows.slice(130, 133),
    );
    const wanted = all.rows.filter(({ columns }) => columns['level'] === 'level 2');
    const found = await api['read-dataset-rows']({ ...page, search: 'LEVEL 2', offset: 10, limit: 5 }, signal);
    expect(found).toEqual({ total: wanted.length, rows: wanted.slice(10, 15) });
    expect((await api['read-dataset-rows']({ ...page, search: 'question' }, signal)).total).toBe(0); // a name, no value
  });

  test('is counted in tokens', async () => {
    const id = await importCsv(60);
    const counted = await api['dataset-statistics']({ id, model: undefined }, signal);
    expect(counted).toMatchObject({ model: 'Starter', counted: 60, total: 60, repeatedPrompts: 0, emptyAnswers: 0 });
    expect(counted.prompts.counts.reduce((sum, [, rows]) => sum + rows, 0)).toBe(60);
    expect(counted.prompts.longest).toBeGreaterThan(counted.answers?.longest as number);
  });

  test('is deleted with its files', async () => {
    const id = await importCsv(60);
    await api['delete-dataset']({ id }, signal);
    expect(await api['list-datasets'](null, signal)).toEqual([]);
    expect(stored()).toEqual([]);
    expect(() => api['read-dataset-info']({ id }, signal)).toThrow(`There is no dataset ${id}`);
  });
});

describe('nothing is left of an import', () => {
  test('that is cancelled', async () => {
    const path = csv('large.csv', 200_000);
    const job = await api['import-dataset']({ path, evalPath: null, mapping, options, name: 'Large' }, signal);
    jobs.cancel(job);
    expect((await ended(job)).state).toBe('cancelled');
    expect(stored()).toEqual([]);
    expect(await api['list-datasets'](null, signal)).toEqual([]);
  });

  test('that meets a faulty row, or takes none', async () => {
    const path = csv('faulty.csv', 5);
    const begin = (evalShare: number, answer: string) => {
      const request = { path, evalPath: null, mapping: { ...mapping, roles: { answer } }, name: 'Faulty' };
      return api['import-dataset']({ ...request, options: { ...options, evalShare } }, signal);
    };
    expect((await ended(await begin(0.1, 'absent'))).error).toMatchObject({
      code: 'dataset_invalid',
      line: 2,
      field: 'absent',
    });
    const skip = { ...options, faults: 'skip' as const };
    const request = {
      path,
      evalPath: null,
      mapping: { ...mapping, roles: { answer: 'absent' } },
      options: skip,
      name: 'None',
    };
    const { error } = await ended(await api['import-dataset'](request, signal));
    expect(error?.message).toContain('leaves no row to train on: of 5 rows, 5 have faults');
    expect(stored()).toEqual([]);
  });
});

test('a mapping is previewed as the model sees it, and checked against every row', async () => {
  const path = csv('sums.csv', 300);
  const { rows } = await api['preview-mapping']({ path, mapping, model: undefined, limit: 2 }, signal);
  expect(rows[0]).toMatchObject({
    row: 2,
    text: '<|im_start|>user\nWhat is 0 + 0?<|im_end|>\n<|im_start|>assistant\n',
    columns: [
      { name: 'answer', text: '0' },
      { name: 'level', text: 'level 0' },
    ],
  });
  const wrong = { ...mapping, roles: { answer: 'absent' } };
  const preview = await api['preview-mapping']({ path, mapping: wrong, model: undefined, limit: 2 }, signal);
  expect(preview.rows[0].fault).toMatchObject({ row: 2, field: 'absent' });
  const job = await ended(await api['check-mapping']({ path, evalPath: null, mapping: wrong, options }, signal));
  const report = await api['read-mapping-check']({ job: job.result as string }, signal);
  expect(report).toMatchObject({ read: 300, train: 0, faulty: 300 });
  expect(report?.faults).toHaveLength(100);
});

test('the example is added once', async () => {
  const id = await api['add-example-dataset'](null, signal);
  expect(await api['add-example-dataset'](null, signal)).toBe(id);
  expect(await api['list-datasets'](null, signal)).toEqual([
    expect.objectContaining({ id, rows: 2048, evalRows: 256 }),
  ]);
});
