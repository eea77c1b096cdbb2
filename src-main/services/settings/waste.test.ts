import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoreReader } from '../../store/interfaces.ts';
import { acquireLock } from '../../store/run-lock.ts';
import { DOWNLOAD_LOCK } from '../models/library-folder.ts';
import { readStorage } from './storage.ts';
import { cleanUp } from './waste.ts';

let root: string;
let runs: { id: string; status: string; directory: string; run: { config: object } }[];
const reader = {
  listRuns: () => runs,
  getRun: (id: string) => runs.find((run) => run.id === id),
} as unknown as StoreReader;

function write(path: string, bytes: number): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), Buffer.alloc(bytes));
  return join(root, path);
}

/** A run with checkpoints of 100 bytes after steps 1, 2 and 3. */
function addRun(id: string, status: string, config: object = {}): void {
  runs.push({ id, status, directory: join(root, 'runs', id), run: { config } });
  for (const step of [1, 2, 3]) write(`runs/${id}/checkpoints/step-00000${step}/model.safetensors`, 100);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'storage-'));
  runs = [];
});

afterEach(() => rmSync(root, { recursive: true }));

test('every file is counted once, under what it is', async () => {
  addRun('one', 'completed');
  write('runs/one/notes.txt', 7);
  write('studio.sqlite', 1000);
  write('studio.sqlite-wal', 50);
  write('models/tiny/model.safetensors', 400);
  write('models/.downloads/owner--name@abc/.partial-1', 30);
  write('datasets/sums/train.jsonl', 20);
  write('uploads/a/sums.csv', 10);
  write('something.txt', 3);
  const { kinds, total, free, waste } = await readStorage(root, reader);
  expect(Object.fromEntries(kinds.map(({ kind, bytes }) => [kind, bytes]))).toEqual({
    database: 1050,
    checkpoints: 300,
    runs: 7,
    models: 400,
    datasets: 20,
    uploads: 10,
    downloads: 30,
    others: 3,
  });
  expect(total).toBe(1820);
  expect(free).toBeGreaterThan(0);
  expect(waste).toEqual({
    uploads: { count: 1, bytes: 10 },
    downloads: { count: 1, bytes: 30 },
    checkpoints: { count: 2, bytes: 200 },
  });
});

test('an empty data folder has nothing, and nothing to clean up', async () => {
  const { total, waste } = await readStorage(root, reader);
  expect(total).toBe(0);
  expect(waste.checkpoints).toEqual({ count: 0, bytes: 0 });
  expect(await cleanUp(root, reader, 'downloads')).toEqual({ count: 0, bytes: 0 });
});

test('old checkpoints go; the newest, those of a run that goes on, and one that another run began from stay', async () => {
  addRun('ended', 'stopped');
  addRun('going', 'running');
  addRun('later', 'completed', { model: join(root, 'runs/ended/checkpoints/step-000002') });
  expect(await cleanUp(root, reader, 'checkpoints')).toEqual({ count: 3, bytes: 300 });
  expect(readdirSync(join(root, 'runs/ended/checkpoints'))).toEqual(['step-000002', 'step-000003']);
  expect(readdirSync(join(root, 'runs/going/checkpoints'))).toHaveLength(3);
  expect(readdirSync(join(root, 'runs/later/checkpoints'))).toEqual(['step-000003']);
});

test('a checkpoint that a linked model stands for stays', async () => {
  addRun('ended', 'completed');
  const folder = join(root, 'runs/ended/checkpoints/step-000001');
  mkdirSync(join(root, 'models'));
  const link = { folder, source: folder, revision: null, addedAt: '2026-11-22T00:00:00.000Z' };
  writeFileSync(join(root, 'models/first.link'), JSON.stringify(link));
  expect((await cleanUp(root, reader, 'checkpoints')).count).toBe(1);
  expect(readdirSync(join(root, 'runs/ended/checkpoints'))).toEqual(['step-000001', 'step-000003']);
});

test('all checkpoints stay while the record of a linked model is damaged', async () => {
  addRun('ended', 'completed');
  write('models/first.link', 0);
  expect((await readStorage(root, reader)).waste.checkpoints).toEqual({ count: 0, bytes: 0 });
});

test('a file that a run reads is kept, wherever its config names it', async () => {
  const used = write('uploads/used/rows.jsonl', 10);
  write('uploads/unused/rows.jsonl', 20);
  write('uploads/use/rows.jsonl', 40); // its name is the beginning of another's
  addRun('one', 'failed', { rewards: [{ type: 'reward_model', deep: { model: used } }] });
  expect(await cleanUp(root, reader, 'uploads')).toEqual({ count: 2, bytes: 60 });
  expect(readdirSync(join(root, 'uploads'))).toEqual(['used']);
});

test('a download that goes on is kept', async () => {
  write('models/.downloads/a--held@1/.partial-1', 10);
  const lock = acquireLock(join(root, 'models/.downloads/a--held@1', DOWNLOAD_LOCK), 0);
  write('models/.downloads/a--left@1/.partial-1', 20);
  expect(await cleanUp(root, reader, 'downloads')).toEqual({ count: 1, bytes: 20 });
  expect(readdirSync(join(root, 'models/.downloads'))).toEqual(['a--held@1']);
  lock?.release();
});
