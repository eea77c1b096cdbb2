/** Keeps a judge's replies by the hash of what was asked, in memory and, where there is a folder, on disk. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../../contract/errors.ts';

/** Replies kept in memory; past it the oldest goes. */
const mostReplies = 20_000;

export class ReplyCache {
  readonly #folder: string | null;
  readonly #memory = new Map<string, string>();

  /** @param folder where replies outlive the process; made when it is missing */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  static keyOf(url: string, body: string): string {
    return createHash('sha256').update(url).update('\n').update(body).digest('hex');
  }

  async get(key: string): Promise<string | null> {
    const kept = this.#memory.get(key);
    if (kept !== undefined || this.#folder === null) return kept ?? null;
    try {
      const text = await readFile(this.#path(key), 'utf8');
      this.#remember(key, text);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.#unusable(error);
    }
  }

  /** @throws StudioError io_failed when the folder cannot be written */
  async set(key: string, reply: string): Promise<void> {
    this.#remember(key, reply);
    if (this.#folder === null) return;
    try {
      await mkdir(this.#folder, { recursive: true });
      // Another process must never read half a reply.
      const temporary = join(this.#folder, `.tmp-${randomUUID()}`);
      await writeFile(temporary, reply);
      await rename(temporary, this.#path(key));
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  #path(key: string): string {
    return join(this.#folder!, `${key}.txt`);
  }

  #remember(key: string, reply: string): void {
    this.#memory.set(key, reply);
    if (this.#memory.size > mostReplies) this.#memory.delete(this.#memory.keys().next().value!);
  }

  #unusable(cause: unknown): StudioError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new StudioError(
      'io_failed',
      `The judge's cache cannot be used: ${why}.`,
      { path: this.#folder! },
      { cause },
    );
  }
}
