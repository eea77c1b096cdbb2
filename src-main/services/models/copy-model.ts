/** Copies a model's files into the library, with progress. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { modelFiles } from './model-files.ts';

export interface TransferProgress {
  /** @param share done in [0, 1]; null where it is unknown */
  report: (share: number | null, message: string) => void;
  signal: AbortSignal;
}

/** Names of the files at the top of a folder, links to files among them. */
export async function fileNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(folder, entry.name))))) names.push(entry.name);
  }
  return names;
}

/** Copies what makes up the model in `source` (links are followed: a Hugging Face cache is made of them). */
export async function copyModel(source: string, target: string, { report, signal }: TransferProgress): Promise<void> {
  const files = modelFiles(await fileNames(source));
  let total = 0;
  for (const name of files) total += (await stat(join(source, name))).size;
  let done = 0;
  for (const name of files) {
    signal.throwIfAborted();
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, pass) {
        done += chunk.length;
        report(done / Math.max(1, total), `Copying ${name}`);
        pass(null, chunk);
      },
    });
    const reader = createReadStream(join(source, name), { highWaterMark: 4 * 2 ** 20 });
    await pipeline(reader, counted, createWriteStream(join(target, name), { flags: 'wx' }), { signal });
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false, // a link to nothing
  );
}
