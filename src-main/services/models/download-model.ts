/**
 * Downloads a model's files: only those that are needed, each checked against the Hub's checksum, and going on where an earlier
 * download was broken off.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HubApiError } from '@huggingface/hub';
import { readAdapterConfig } from '../../checkpoint/adapter-description.ts';
import { StudioError } from '../../contract/errors.ts';
import { acquireLock } from '../../store/run-lock.ts';
import type { TransferProgress } from './copy-model.ts';
import { withSpace } from './disk-space.ts';
import { ATTEMPTS, isStrange, listHubFiles, pause, readHubFile, type HubAccess, type HubFile } from './hub.ts';
import { inspectDescription } from './inspect-checkpoint.ts';
import { folderBytes } from './inspect-model.ts';
import { DOWNLOAD_LOCK, orMissing } from './library-folder.ts';
import { modelFiles, requireModelFiles } from './model-files.ts';

/** A partial file carries the checksum of what it will be, so that it is never continued with other content. */
const partial = (file: HubFile): string => `.partial-${file.checksum.value}`;

/**
 * Fills a folder below `downloads` with the files of the model, all checked; what is there already is not fetched again.
 *
 * @param place gets the folder, and moves it away
 * @throws StudioError `io_failed` with what has arrived kept for the next time or without room on the disk, `model_invalid` when it is no model that can be used
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
  const lock = acquireLock(join(folder, DOWNLOAD_LOCK), 0); // two downloads into one folder would spoil each other
  if (lock === null) {
    throw new StudioError('io_failed', `${access.id} is being downloaded already.`, { path: folder });
  }
  try {
    await removeOthers(folder, needed);
    const [weights, descriptions] = [true, false].map((large) =>
      needed.filter(({ path }) => path.endsWith('.safetensors') === large),
    );
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
    const fetchAll = async (some: readonly HubFile[]): Promise<void> => {
      for (const file of some) {
        signal.throwIfAborted();
        await downloadFile({ ...access, revision: commit }, folder, file, (bytes) => arrived(file.path, bytes));
      }
    };
    const missing = async (): Promise<number> => total - (await folderBytes(folder));
    await withSpace(folder, access.id, missing, async () => {
      await fetchAll(descriptions);
      // A model of an unknown family is refused before its weights are fetched.
      if ((await readAdapterConfig(folder)) === null) await inspectDescription(folder);
      await fetchAll(weights);
    });
    lock.release();
    await rm(join(folder, DOWNLOAD_LOCK));
    await place(folder, commit);
  } finally {
    lock.release();
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
  for (let attempt = 1, reached = 0; ; attempt++) {
    try {
      await fetchRest(access, path, file, arrived);
      break;
    } catch (error) {
      if (access.signal.aborted || !isBreak(error)) throw error;
      const { size } = await stat(path);
      if (size > reached)
        [attempt, reached] = [1, size]; // it goes on, however often it breaks
      else if (attempt === ATTEMPTS) throw error;
      await pause(attempt, access.signal);
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
  if (!(error instanceof StudioError) || error.code !== 'io_failed') return false;
  return !(error.cause instanceof HubApiError) && !isStrange(error.cause);
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
      if (size > file.bytes) break; // or it would go on until the disk is full
      arrived(size);
    }
    if (size === file.bytes) return;
    const message =
      `${file.path} of ${access.id} came with ${size} bytes instead of ${file.bytes}. ` +
      'What is right of it is kept; start the download again.';
    throw new StudioError('io_failed', message);
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
  const known = new Set([DOWNLOAD_LOCK, ...files.flatMap((file) => [file.path, partial(file)])]);
  for (const name of await readdir(folder)) if (!known.has(name)) await rm(join(folder, name), { recursive: true });
}
