/** How much of the disk the studio's data take, by kind, and how much of it nothing needs any more. */
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageKind, StorageReport } from '../../contract/api/settings.ts';
import type { StoreReader } from '../../store/interfaces.ts';
import { databasePath } from '../data-directory.ts';
import { libraryFolder, orMissing } from '../models/library-folder.ts';
import { bytesOf, fileBytes, treeBytes } from './count-bytes.ts';
import { findWaste } from './waste.ts';

/** @param dataDirectory may still be missing parts, which then count as nothing */
export async function readStorage(dataDirectory: string, reader: StoreReader): Promise<StorageReport> {
  const database = databasePath(dataDirectory);
  const models = libraryFolder(dataDirectory);
  const downloads = join(models, '.downloads');
  const bytes: Record<StorageKind, number> = {
    database: 0,
    checkpoints: 0,
    runs: 0,
    models: 0,
    datasets: 0,
    uploads: 0,
    downloads: await treeBytes(downloads),
    others: 0,
  };
  for (const entry of await readdir(dataDirectory, { withFileTypes: true }).catch(orMissing([]))) {
    const path = join(dataDirectory, entry.name);
    const size = entry.isDirectory() ? await treeBytes(path) : await fileBytes(path);
    if (path.startsWith(database))
      bytes.database += size; // with its log
    else if (path === models) bytes.models = size - bytes.downloads;
    else if (entry.name === 'datasets' || entry.name === 'uploads') bytes[entry.name] = size;
    else if (entry.name === 'runs') bytes.runs = size;
    else bytes.others += size;
  }
  for (const run of await readdir(join(dataDirectory, 'runs')).catch(orMissing<string[]>([]))) {
    bytes.checkpoints += await treeBytes(join(dataDirectory, 'runs', run, 'checkpoints'));
  }
  bytes.runs -= bytes.checkpoints;

  const { bavail, bsize } = await statfs(dataDirectory);
  const waste = await findWaste(dataDirectory, reader);
  const summed = async (folders: readonly string[]) => ({ count: folders.length, bytes: await bytesOf(folders) });
  return {
    kinds: (Object.keys(bytes) as StorageKind[]).map((kind) => ({ kind, bytes: bytes[kind] })),
    total: Object.values(bytes).reduce((sum, size) => sum + size, 0),
    free: bavail * bsize,
    waste: {
      uploads: await summed(waste.uploads),
      downloads: await summed(waste.downloads),
      checkpoints: await summed(waste.checkpoints),
    },
  };
}
