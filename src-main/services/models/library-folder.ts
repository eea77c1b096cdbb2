/** The library's folder on the disk: one folder for each model, filled under a temporary name and renamed, so that none is there in part. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exists } from '../../checkpoint/checkpoint-files.ts';
import { sync, syncFolder, writeSynced } from '../../checkpoint/durable-files.ts';
import { StudioError } from '../../contract/errors.ts';
import type { ModelOrigin } from '../../contract/models.ts';
import { acquireLock } from '../../store/run-lock.ts';

/** Beside a model's own files; and the whole entry of a linked model, as `<name>.link`. */
const ORIGIN_FILE = '.grpo-studio.json';
const LINK = '.link';
const TEMPORARY = '.tmp-';
/** Beside what is temporary; held as long as the process works on it. */
const TEMPORARY_LOCK = '.lock';
/** In the folder of a download; its lock is held while the download goes on. */
export const DOWNLOAD_LOCK = '.lock.sqlite';

const originSchema = z.object({ source: z.string(), revision: z.string().nullable(), addedAt: z.string() });
const linkSchema = originSchema.extend({ folder: z.string() });

/** Where the library lies in a data directory. */
export function libraryFolder(dataDirectory: string): string {
  return join(dataDirectory, 'models');
}

export interface LibraryEntry {
  name: string;
  folder: string;
  linked: boolean;
  origin: ModelOrigin;
  /** Why the studio's record of it cannot be read; `folder` is then the record of a linked model. */
  problem: StudioError | null;
}

/** All models, by name; a library that is not there yet is empty. A folder that somebody put there by hand counts, too. */
export async function listEntries(library: string): Promise<LibraryEntry[]> {
  const names = await readdir(library, { withFileTypes: true }).catch(orMissing([]));
  const entries: LibraryEntry[] = [];
  for (const found of names) {
    if (found.name.startsWith('.')) continue;
    const entry = found.isDirectory()
      ? await folderEntry(library, found.name)
      : found.name.endsWith(LINK)
        ? await linkEntry(library, found.name.slice(0, -LINK.length))
        : null;
    if (entry !== null) entries.push(entry);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** null when the library has no model of this name. */
export async function findEntry(library: string, name: string): Promise<LibraryEntry | null> {
  return (await listEntries(library)).find((entry) => entry.name === name) ?? null;
}

async function folderEntry(library: string, name: string): Promise<LibraryEntry> {
  const folder = join(library, name);
  const { record, problem } = await readRecord(join(folder, ORIGIN_FILE), originSchema);
  return { name, folder, linked: false, origin: record ?? unknownOrigin(folder), problem };
}

/** null when it has just been removed. */
async function linkEntry(library: string, name: string): Promise<LibraryEntry | null> {
  const path = join(library, name + LINK);
  const { record, problem } = await readRecord(path, linkSchema);
  if (problem !== null) return { name, folder: path, linked: true, origin: unknownOrigin(path), problem };
  if (record === null) return null;
  const { folder, ...origin } = record;
  return { name, folder, linked: true, origin, problem };
}

function unknownOrigin(source: string): ModelOrigin {
  return { source, revision: null, addedAt: '' };
}

/** `record` is null when there is none, or it cannot be read: then `problem` says why. */
async function readRecord<T>(
  path: string,
  schema: z.ZodType<T>,
): Promise<{ record: T | null; problem: StudioError | null }> {
  try {
    const text = await readFile(path, 'utf8').catch(orMissing(null));
    return { record: text === null ? null : schema.parse(JSON.parse(text)), problem: null };
  } catch (error) {
    return { record: null, problem: damaged(path, error) };
  }
}

function damaged(path: string, cause: unknown): StudioError {
  const message = `${path} is damaged or cannot be read. Delete it; a model that is then gone from the library can be imported again.`;
  return new StudioError('io_failed', message, { path }, { cause });
}

/** @throws StudioError `io_failed` when the name is taken */
export async function requireFree(library: string, name: string): Promise<void> {
  for (const path of [join(library, name), join(library, name + LINK)]) {
    if (!(await exists(path))) continue;
    const message = `The library has a model ${name} already; remove it, or choose another name.`;
    throw new StudioError('io_failed', message, { path, field: 'name' });
  }
}

/**
 * Adds a model: `fill` writes its files into a temporary folder and checks them; then the folder appears under its name, on the disk
 * with all it holds. Nothing is left behind when `fill` throws.
 *
 * @throws StudioError `io_failed` when the name is taken
 */
export async function addFolder(
  library: string,
  name: string,
  origin: ModelOrigin,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  await requireFree(library, name);
  await withTemporary(library, async (temporary) => {
    await mkdir(temporary);
    await fill(temporary);
    await placeFolder(library, temporary, name, origin);
  });
}

/**
 * Does work with a path in the library that nothing else uses, and removes what is left there. Should the process die, `removeStale`
 * does; a process id in its name would not tell, being given to another program, or meaning another process in another container.
 */
export async function withTemporary(library: string, work: (path: string) => Promise<void>): Promise<void> {
  await mkdir(library, { recursive: true });
  const path = join(library, TEMPORARY + randomUUID());
  const lock = acquireLock(path + TEMPORARY_LOCK, 0);
  try {
    await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
    lock?.release();
    await rm(path + TEMPORARY_LOCK, { force: true });
  }
}

/** Makes a filled folder a model of the library. */
export async function placeFolder(library: string, filled: string, name: string, origin: ModelOrigin): Promise<void> {
  await writeSynced(join(filled, ORIGIN_FILE), JSON.stringify(origin, null, 2));
  await syncFolder(filled);
  await requireFree(library, name); // another import may have come first
  await rename(filled, join(library, name));
  await sync(library);
}

/** Adds a model that stays where it is. */
export async function addLink(library: string, name: string, origin: ModelOrigin, folder: string): Promise<void> {
  await requireFree(library, name);
  await withTemporary(library, async (temporary) => {
    await writeSynced(temporary, JSON.stringify({ ...origin, folder }, null, 2));
    await rename(temporary, join(library, name + LINK));
    await sync(library);
  });
}

/** Takes a model out of the library: its files, or only the entry of a linked one. */
export async function removeEntry(library: string, { name, linked }: LibraryEntry): Promise<void> {
  if (linked) return rm(join(library, name + LINK));
  // Renamed first: a model is there whole or not at all, also while its files go.
  await withTemporary(library, (temporary) => rename(join(library, name), temporary));
}

/** Removes what processes that are gone left half written. */
export async function removeStale(library: string): Promise<void> {
  for (const name of await readdir(library).catch(orMissing<string[]>([]))) {
    if (!name.startsWith(TEMPORARY) || name.endsWith(TEMPORARY_LOCK)) continue;
    const path = join(library, name);
    const lock = acquireLock(path + TEMPORARY_LOCK, 0);
    if (lock === null) continue;
    await rm(path, { recursive: true, force: true });
    lock.release();
    await rm(path + TEMPORARY_LOCK, { force: true });
  }
}

/** For `catch`: what is not there is `value`. */
export function orMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
    throw error;
  };
}

/**
 * The folder of a model by its name in the library, at once; null when there is none.
 *
 * @throws StudioError `io_failed` when the record of a linked model is damaged
 */
export function namedFolder(library: string, name: string): string | null {
  if (!/^\w[\w.-]*$/.test(name)) return null;
  if (existsSync(join(library, name))) return join(library, name);
  const link = join(library, name + LINK);
  if (!existsSync(link)) return null;
  try {
    return linkSchema.parse(JSON.parse(readFileSync(link, 'utf8'))).folder;
  } catch (error) {
    throw damaged(link, error);
  }
}
