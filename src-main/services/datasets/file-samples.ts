/** The beginnings of files that are being mapped, kept so that a preview follows every change of the mapping at once. */
import { stat } from 'node:fs/promises';
import type { Inspection } from '../../datasets/inspect-file.ts';
import { runInThread } from './run-in-thread.ts';

const filesKept = 4;

export class FileSamples {
  readonly #kept = new Map<string, Promise<Inspection>>();

  /** @throws StudioError dataset_invalid when the file cannot be read as any format */
  async inspect(path: string): Promise<Inspection> {
    const key = `${path} ${await stat(path).then(
      ({ size, mtimeMs }) => `${size} ${mtimeMs}`,
      () => 'missing',
    )}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const reading = runInThread('inspect', { path }, { signal: new AbortController().signal });
    this.#kept.set(key, reading);
    reading.catch(() => this.#kept.delete(key)); // it may be mended by the next time
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > filesKept) this.#kept.delete(oldest);
    return reading;
  }
}
