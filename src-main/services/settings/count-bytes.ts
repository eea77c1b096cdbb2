/** Bytes of files and folders. What is not there, or goes while it is counted, takes nothing; links are not followed. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { orMissing } from '../models/library-folder.ts';

/** Bytes of all files below some folders. */
export async function bytesOf(folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) bytes += await treeBytes(folder);
  return bytes;
}

export async function treeBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(orNoFolder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await treeBytes(path);
    else if (entry.isFile()) bytes += await fileBytes(path);
  }
  return bytes;
}

export async function fileBytes(path: string): Promise<number> {
  return (await stat(path).catch(orMissing(null)))?.size ?? 0;
}

function orNoFolder(error: unknown): [] {
  if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
  throw error;
}
