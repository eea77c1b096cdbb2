/** Files a page sends to the headless host, which a browser cannot name by their path. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file into a folder of its own, under its own name as far as that is a file's name.
 * @returns its path; nothing is left of one that did not arrive whole
 */
export async function receiveUpload(content: Readable, directory: string, name: string): Promise<string> {
  const folder = join(directory, randomUUID());
  const file = basename(name.replaceAll('\\', '/'))
    .replaceAll(/[\u0000-\u001f<>:"|?*]/g, '_')
    .slice(-80); // at most 240 of the 255 bytes that a name may have
  const path = join(folder, file === '' || file === '.' || file === '..' ? 'file' : file);
  await mkdir(folder, { recursive: true });
  try {
    await pipeline(content, createWriteStream(path, { flags: 'wx' }));
    return path;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
