/** The texts that come with a model for people to read. No model is worse for a text that cannot be read. */
import { join } from 'node:path';
import { openFile } from '../../checkpoint/checkpoint-files.ts';

/** Bytes that are read at most; the longest cards on the Hub have some 100,000. */
const LONGEST = 200_000;

/** The beginning of a file, in whatever encoding; null when there is none that can be read. */
export async function readProse(path: string): Promise<string | null> {
  const file = await openFile(path, 'model_invalid').catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST), 0, LONGEST, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** README.md without its front matter, cut where it is very long; null when there is none, or nothing in it. */
export async function readModelReadme(folder: string): Promise<string | null> {
  const text = await readProse(join(folder, 'README.md'));
  const body = (text ?? '').replace(/^---\r?\n[\s\S]*?\r?\n---[ \t]*(\r?\n|$)/, '').trim();
  return body === '' ? null : body;
}
