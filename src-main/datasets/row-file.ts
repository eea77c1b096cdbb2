/** Files of a dataset's rows: written once, from the first row to the last, and read from any row on. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';

/** The place of every so many-th row is kept beside the rows. */
const rowsPerMark = 64;

const bufferedCharacters = 2 ** 20;

export interface WrittenFile {
  rows: number;
  bytes: number;
  /** SHA-256 of the file, hex. */
  hash: string;
}

const marksPath = (path: string): string => `${path}.marks`;

/** For a thread of its own: it writes without letting others work. */
export class RowFileWriter {
  readonly #path: string;
  readonly #file: number;
  readonly #hash = createHash('sha256');
  #pending: string[] = [];
  #pendingCharacters = 0;
  #pendingBytes = 0;
  #rows = 0;
  #bytes = 0;
  readonly #marks: number[] = [];

  /** @throws the file system's error when the file is there already */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'wx');
  }

  get rows(): number {
    return this.#rows;
  }

  write(row: object): void {
    if (this.#rows % rowsPerMark === 0) this.#marks.push(this.#bytes + this.#pendingBytes);
    const line = `${JSON.stringify(row)}\n`;
    this.#pending.push(line);
    this.#pendingCharacters += line.length;
    this.#pendingBytes += Buffer.byteLength(line);
    this.#rows++;
    if (this.#pendingCharacters >= bufferedCharacters) this.#flush();
  }

  /** Makes the file durable, with the places of its rows. */
  finish(): WrittenFile {
    this.#flush();
    fsyncSync(this.#file);
    closeSync(this.#file);
    writeFileSync(marksPath(this.#path), Float64Array.from(this.#marks), { flag: 'wx', flush: true });
    return { rows: this.#rows, bytes: this.#bytes, hash: this.#hash.digest('hex') };
  }

  /** For a file that is given up. */
  abandon(): void {
    closeSync(this.#file);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending.join(''));
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#pending = [];
    this.#pendingCharacters = 0;
    this.#pendingBytes = 0;
  }
}

/** Lines of a row file by their numbers, opened where they begin. */
export class RowFileReader {
  readonly #file: FileHandle;
  readonly #marks: Float64Array;

  private constructor(file: FileHandle, marks: Float64Array) {
    this.#file = file;
    this.#marks = marks;
  }

  static async open(path: string): Promise<RowFileReader> {
    const bytes = await readFile(marksPath(path));
    const marks = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    return new RowFileReader(await open(path), marks);
  }

  /** The lines from row `start` up to and without row `end`, 0-based; fewer where the file ends. */
  async lines(start: number, end: number): Promise<string[]> {
    const mark = Math.floor(start / rowsPerMark);
    if (mark >= this.#marks.length || end <= start) return [];
    const last = Math.ceil(end / rowsPerMark);
    const from = this.#marks[mark];
    const to = last < this.#marks.length ? this.#marks[last] : (await this.#file.stat()).size;
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(to - from), 0, to - from, from);
    const lines = buffer.subarray(0, bytesRead).toString().split('\n').slice(0, -1);
    const first = mark * rowsPerMark;
    return lines.slice(start - first, end - first);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
