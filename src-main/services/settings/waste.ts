/** Finds and deletes what nothing needs any more. What a run, a model or a process still names is kept. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CleanedUp, Waste } from '../../contract/api/settings.ts';
import { StudioError } from '../../contract/errors.ts';
import { isLive } from '../../contract/run.ts';
import { listCheckpoints } from '../../runs/checkpoints.ts';
import type { StoreReader } from '../../store/interfaces.ts';
import { acquireLock } from '../../store/run-lock.ts';
import { DOWNLOAD_LOCK, libraryFolder, listEntries, orMissing } from '../models/library-folder.ts';
import { bytesOf } from './count-bytes.ts';

/**
 * Folders that can go: files a page has sent which no run reads, downloads that nobody continues, and all checkpoints but the newest
 * of runs that have ended.
 */
export async function findWaste(dataDirectory: string, reader: StoreReader): Promise<Record<Waste, string[]>> {
  const runs = reader.listRuns().map(({ id }) => reader.getRun(id));
  const library = libraryFolder(dataDirectory);
  const models = await listEntries(library);
  const named = [...runs.flatMap(({ run }) => stringsOf(run.config)), ...models.map(({ folder }) => folder)];
  const isNamed = (folder: string) => named.some((text) => text === folder || text.startsWith(join(folder, '/')));

  const uploads = await foldersIn(join(dataDirectory, 'uploads'));
  const downloads: string[] = [];
  for (const folder of await foldersIn(join(library, '.downloads'))) {
    const lock = acquireLock(join(folder, DOWNLOAD_LOCK), 0);
    if (lock !== null) downloads.push(folder);
    lock?.release();
  }
  // What a linked model stands for is unknown when its record is damaged: it may be any of the checkpoints.
  const unknown = models.some(({ linked, problem }) => linked && problem !== null);
  const ended = unknown ? [] : runs.filter(({ status }) => !isLive(status));
  const checkpoints = ended.flatMap(({ directory }) => listCheckpoints(directory).slice(0, -1));
  return {
    uploads: uploads.filter((folder) => !isNamed(folder)),
    downloads,
    checkpoints: checkpoints.map(({ path }) => path).filter((folder) => !isNamed(folder)),
  };
}

/** @throws StudioError `io_failed` when something cannot be deleted */
export async function cleanUp(dataDirectory: string, reader: StoreReader, waste: Waste): Promise<CleanedUp> {
  const folders = (await findWaste(dataDirectory, reader))[waste];
  const cleaned = { bytes: await bytesOf(folders), count: folders.length };
  for (const folder of folders) {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      const sentence = `${folder} cannot be deleted: ${(error as Error).message}.`;
      throw new StudioError('io_failed', sentence, { path: folder }, { cause: error });
    });
  }
  return cleaned;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(orMissing([]));
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

/** All texts in a value, however deep: a config names files in many places. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
