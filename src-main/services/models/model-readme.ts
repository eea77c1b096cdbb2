/** The text of a model's card: what its makers write about it. */
import { join } from 'node:path';
import { readTextFile } from '../../checkpoint/checkpoint-files.ts';

/** Characters that are shown at most; the longest cards on the Hub have some 100,000. */
const LONGEST = 200_000;

/** README.md without its front matter, cut where it is very long; null when there is none, or nothing in it. */
export async function readModelReadme(folder: string): Promise<string | null> {
  const text = await readTextFile(join(folder, 'README.md'), 'model_invalid');
  const body = (text ?? '').replace(/^---\r?\n[\s\S]*?\r?\n---[ \t]*(\r?\n|$)/, '').trim();
  return body === '' ? null : body.slice(0, LONGEST);
}
