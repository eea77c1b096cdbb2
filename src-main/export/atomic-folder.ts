/** A folder that appears whole or not at all: filled under a temporary name beside its place, synced, then renamed. */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { sync, syncFolder } from '../checkpoint/durable-files.ts';
import { StudioError } from '../contract/errors.ts';

/** Files that an export writes. A folder with anything else in it is never replaced. */
const EXPORTED = /^(.+\.(json|safetensors|gguf|jinja|model)|merges\.txt|Modelfile|README\.md|LICENSE.*)$/;

export interface AtomicFolderOptions {
  /** Replace an earlier export in the same place. */
  force: boolean;
  /** Folders that are read while the new one is written. */
  sources: readonly string[];
}

/**
 * @param target where the folder is to be; folders above it are made
 * @param fill writes into the temporary folder that it is given
 * @throws StudioError `io_failed` when the target exists and may not be replaced, or cannot be written; and what `fill` throws.
 *   Nothing is left behind then.
 */
export async function writeFolderAtomically(
  target: string,
  { force, sources }: AtomicFolderOptions,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const place = resolve(target);
  const replaced = await requireReplaceable(place, force, sources);
  const parent = dirname(place);
  const temporary = join(parent, `.tmp-${basename(place)}-${randomUUID()}`);
  const firstMade = await inSentence(place, () => mkdir(parent, { recursive: true }));
  try {
    await inSentence(place, () => mkdir(temporary));
    await inSentence(place, () => fill(temporary));
    await inSentence(place, async () => {
      await syncFolder(temporary);
      if (replaced) await swap(temporary, place);
      else await rename(temporary, place);
      await sync(parent);
    });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (firstMade !== undefined) await removeEmpty(parent, firstMade);
    throw error;
  }
}

/** @returns whether there is a folder to replace */
async function requireReplaceable(place: string, force: boolean, sources: readonly string[]): Promise<boolean> {
  const refuse = (reason: string): never => {
    throw new StudioError('io_failed', `${place} ${reason}`, { path: place });
  };
  const stat = await lstat(place).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') refuse(`cannot be written: ${message}`);
    return null;
  });
  for (const source of sources) {
    const inside = relative(place, resolve(source));
    if (inside === '' || (inside !== '..' && !inside.startsWith(`..${sep}`) && resolve(inside) !== inside))
      refuse('is where the model is read from; choose another folder');
  }
  if (stat === null) return false;
  if (!force) refuse('exists already; choose another folder, or replace it with --force');
  if (!stat.isDirectory()) refuse('is no folder, so it is not replaced; choose another place');
  const foreign = (await readdir(place, { withFileTypes: true })).find(
    (entry) => !entry.isFile() || !EXPORTED.test(entry.name),
  );
  if (foreign !== undefined)
    refuse(`holds ${foreign.name}, which is no export, so it is not replaced; choose another folder`);
  return true;
}

/** Puts a folder in the place of another, which is back in its place when that fails. */
async function swap(temporary: string, place: string): Promise<void> {
  const aside = `${temporary}-replaced`;
  await rename(place, aside);
  try {
    await rename(temporary, place);
  } catch (error) {
    await rename(aside, place);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** Errors of the file system as sentences. */
async function inSentence<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new StudioError(
      'io_failed',
      `${place} cannot be written: ${error.message}`,
      { path: place },
      { cause: error },
    );
  }
}

/** Removes the folders from `folder` up to `last` that this export made and nobody else put something into. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  for (let path = folder; path.length >= last.length; path = dirname(path)) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
