import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { copyModel } from './copy-model.ts';

const disk = vi.hoisted(() => ({ blocks: 0, bavail: 0, bsize: 1024 }));
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  statfs: () => Promise.resolve(disk),
}));

let source: string;
let target: string;
const copy = () => copyModel(source, target, { report: () => undefined, signal: new AbortController().signal });

beforeEach(async () => {
  [source, target] = [await mkdtemp(join(tmpdir(), 'source-')), await mkdtemp(join(tmpdir(), 'target-'))];
  await writeFile(join(source, 'model.safetensors'), Buffer.alloc(3 * 2 ** 20));
});

afterEach(async () => {
  for (const folder of [source, target]) await rm(folder, { recursive: true });
});

test('a copy that the disk has no room for is refused before it begins, with both sizes', async () => {
  Object.assign(disk, { blocks: 10_000, bavail: 2048 });
  await expect(copy()).rejects.toMatchObject({
    code: 'io_failed',
    where: { path: target },
    message: `${source} needs 3 MiB more on the disk with ${target}, and 2 MiB are free; make room there and start again.`,
  });
  expect(await readdir(target)).toEqual([]);
});

test.each([
  ['has room', { blocks: 10_000, bavail: 3072 }],
  ['does not say', { blocks: 0, bavail: 0 }],
])('a disk that %s is written to', async (_, told) => {
  Object.assign(disk, told);
  await copy();
  expect(await readdir(target)).toEqual(['model.safetensors']);
});
