/**
 * Downloads a model's files: only those that are needed, each checked against the Hub's checksum, and going on where an earlier
 * download was broken off.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HubApiError } from '@huggingface/hub';
import { StudioError } from '../../contract/errors.ts';
import type { TransferProgress } from './copy-model.ts';
import { listHubFiles, readHubFile, type HubAccess, type HubFile } from './hub.ts';
import { isAlive, orMissing } from './library-folder.ts';
import { modelFiles, requireModelFiles } from './model-files.ts';

/** How often a file is begun again after its connection broke, before the download is given up for now. */
const ATTEMPTS = 4;

const LOCK = '.lock';

/** A partial file carries the checksum of what it will be, so that it is never continued with other content. */
const partial = (file: HubFile): string => `.partial-${file.checksum.value}`;

/**
 * Fills a folder below `downloads` with the files of the model, all checked; what is there already is not fetched again.
 *
 * @param place gets the folder, and moves it away
 * @throws StudioError `io_failed` with what has arrived kept for the next time, `model_invalid` when it is no model that can be used
 */
export async function downloadModel(
  access: HubAccess,
  downloads: string,
  { report, signal }: TransferProgress,
  place: (folder: string, commit: string) => Promise<void>,
): Promise<void> {
  report(null, `Asking the Hugging Face Hub for ${access.id}`);
  const { commit, files } = await listHubFiles(access);
  const names = files.map(({ path }) => path);
  requireModelFiles(names, access.id);
  const wanted = new Set(modelFiles(names));
  const needed = files.filter(({ path }) => wanted.has(path));
  const folder = join(downloads, `${access.id.replaceAll('/', '--')}@${commit}`);
  await mkdir(folder, { recursive: true });
  const unlock = await lock(folder, access.id);
  try {
    await removeOthers(folder, needed);
    const total = needed.reduce((sum, { bytes }) => sum + bytes, 0);
    const sizes = new Map<string, number>();
    let told = '';
    const arrived = (path: string, bytes: number): void => {
      sizes.set(path, bytes);
      const done = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      const share = Math.floor((1000 * done) / Math.max(1, total)) / 1000;
      const news = `${path} ${share}`; // chunks are small: not each is worth an event
      if (news !== told) report(share, `Downloading ${path}`);
      told = news;
    };
    for (const file of needed) {
      signal.throwIfAborted();
      await downloadFile({ ...access, revision: commit }, folder, file, (bytes) => arrived(file.path, bytes));
    }
    await unlock();
    await place(folder, commit);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function downloadFile(
  access: HubAccess,
  folder: string,
  file: HubFile,
  arrived: (bytes: number) => void,
): Promise<void> {
  const target = join(folder, file.path);
  if (await isThere(target, file)) return arrived(file.bytes);
  const path = join(folder, partial(file));
  for (let attempt = 1; ; attempt++) {
    try {
      await fetchRest(access, path, file, arrived);
      break;
    } catch (error) {
      if (access.signal.aborted || attempt === ATTEMPTS || !isBreak(error)) throw error;
    }
  }
  if ((await checksumOf(path, file)) !== file.checksum.value) {
    await rm(path);
    const message =
      `${file.path} of ${access.id} arrived damaged: its checksum is not the Hub's. It was deleted; ` +
      'start the download again to fetch it anew.';
    throw new StudioError('io_failed', message, { path: target });
  }
  await rename(path, target);
}

/** A connection that broke, not an answer of the Hub. */
function isBreak(error: unknown): boolean {
  return error instanceof StudioError && error.code === 'io_failed' && !(error.cause instanceof HubApiError);
}

/** Appends what is missing to a partial file. */
async function fetchRest(
  access: HubAccess,
  path: string,
  file: HubFile,
  arrived: (bytes: number) => void,
): Promise<void> {
  const handle = await open(path, 'a');
  try {
    let { size } = await handle.stat();
    if (size > file.bytes) {
      await handle.truncate(0);
      size = 0;
    }
    arrived(size);
    if (size === file.bytes) return;
    for await (const chunk of readHubFile(access, file, size)) {
      await handle.writeFile(chunk);
      size += chunk.length;
      arrived(size);
    }
    if (size === file.bytes) return;
    throw new StudioError('io_failed', `The download of ${file.path} ended after ${size} of ${file.bytes} bytes.`);
  } finally {
    await handle.close();
  }
}

/** Whether a file was downloaded and checked before; only a checked one has its name. */
async function isThere(path: string, file: HubFile): Promise<boolean> {
  const entry = await stat(path).catch(orMissing(null));
  return entry?.size === file.bytes;
}

async function checksumOf(path: string, { bytes, checksum }: HubFile): Promise<string> {
  const hash: Hash = createHash(checksum.algorithm === 'sha256' ? 'sha256' : 'sha1');
  if (checksum.algorithm === 'git-sha1') hash.update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 4 * 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Removes what is none of the model's: a damaged part of an earlier version, say. */
async function removeOthers(folder: string, files: readonly HubFile[]): Promise<void> {
  const known = new Set([LOCK, ...files.flatMap((file) => [file.path, partial(file)])]);
  for (const name of await readdir(folder)) if (!known.has(name)) await rm(join(folder, name), { recursive: true });
}

/** Two downloads into one folder would spoil each other. Gives how to end the lock; that of a process that is gone does not count. */
async function lock(folder: string, id: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK);
  const holder = await readFile(path, 'utf8').catch(orMissing(null));
  if (holder !== null && isAlive(Number(holder))) {
    throw new StudioError('io_failed', `${id} is being downloaded already.`, { path: folder });
  }
  if (holder !== null) await rm(path, { force: true });
  await writeFile(path, String(process.pid), { flag: 'wx' });
  return () => rm(path, { force: true });
}
