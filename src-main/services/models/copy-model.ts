/** Copies a model's files into the library, with progress. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '../../contract/errors.ts';
import { withSpace } from './disk-space.ts';
import { modelFiles } from './model-files.ts';

export interface TransferProgress {
  /** @param share done in [0, 1]; null where it is unknown */
  report: (share: number | null, message: string) => void;
  signal: AbortSignal;
}

/**
 * Names of the files at the top of a folder, links to files among them.
 *
 * @throws StudioError `io_failed` when the folder cannot be read
 */
export async function fileNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(inSentence(`${folder} cannot be read`, folder));
  for (const entry of entries) {
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(folder, entry.name))))) names.push(entry.name);
  }
  return names;
}

/**
 * Copies what makes up the model in `source` (links are followed: a Hugging Face cache is made of them).
 *
 * @throws StudioError `io_failed` for a file that cannot be read or written, and when the disk has no room for them
 */
export async function copyModel(source: string, target: string, { report, signal }: TransferProgress): Promise<void> {
  const files = modelFiles(await fileNames(source));
  let total = 0;
  for (const name of files) total += (await stat(join(source, name))).size;
  let done = 0;
  const copyAll = async (): Promise<void> => {
    for (const name of files) {
      signal.throwIfAborted();
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, pass) {
          done += chunk.length;
          report(done / Math.max(1, total), `Copying ${name}`);
          pass(null, chunk);
        },
      });
      const path = join(source, name);
      const reader = createReadStream(path, { highWaterMark: 4 * 2 ** 20 });
      const writer = createWriteStream(join(target, name), { flags: 'wx' });
      await pipeline(reader, counted, writer, { signal }).catch(inSentence(`${path} cannot be copied`, path));
    }
  };
  await withSpace(target, source, () => total - done, copyAll);
}

/** For `catch`: an error of the file system as a sentence. */
function inSentence(what: string, path: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new StudioError('io_failed', `${what}: ${error.message}.`, { path }, { cause: error });
  };
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false, // a link to nothing
  );
}
