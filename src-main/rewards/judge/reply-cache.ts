/** Keeps a judge's replies by the hash of what was asked, in memory and, where there is a folder, on disk. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Replies kept in memory; past it the oldest goes. */
const mostReplies = 20_000;

export class ReplyCache {
  #folder: string | null;
  readonly #memory = new Map<string, string>();

  /** @param folder where replies outlive the process; made when it is missing, and no more used once it has failed */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  static keyOf(url: string, body: string): string {
    return createHash('sha256').update(url).update('\n').update(body).digest('hex');
  }

  /** @param warn told once, when the folder cannot be read or written */
  async get(key: string, warn: (message: string) => void): Promise<string | null> {
    const kept = this.#memory.get(key);
    if (kept !== undefined || this.#folder === null) return kept ?? null;
    try {
      const text = await readFile(fileOf(this.#folder, key), 'utf8');
      this.#remember(key, text);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#leaveFolder(error, warn);
      return null;
    }
  }

  /** @param warn as of `get` */
  async set(key: string, reply: string, warn: (message: string) => void): Promise<void> {
    this.#remember(key, reply);
    const folder = this.#folder;
    if (folder === null) return;
    // Another process must never read half a reply.
    const temporary = join(folder, `.tmp-${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(temporary, reply);
      await rename(temporary, fileOf(folder, key));
    } catch (error) {
      this.#leaveFolder(error, warn);
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  #remember(key: string, reply: string): void {
    this.#memory.set(key, reply);
    if (this.#memory.size > mostReplies) this.#memory.delete(this.#memory.keys().next().value!);
  }

  #leaveFolder(error: unknown, warn: (message: string) => void): void {
    if (this.#folder === null) return;
    this.#folder = null;
    const why = error instanceof Error ? error.message : String(error);
    warn(`the judge's cache cannot be used (${why}), so that replies are kept in memory only`);
  }
}

function fileOf(folder: string, key: string): string {
  return join(folder, `${key}.txt`);
}
