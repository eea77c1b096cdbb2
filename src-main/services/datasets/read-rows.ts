/** Pages of a dataset's rows, and of those that hold a text. */
import type { DatasetRowPage } from '../../contract/api/datasets.ts';
import { parseRow } from '../../datasets/parse-row.ts';
import { RowFileReader } from '../../datasets/row-file.ts';
import { runInThread } from './run-in-thread.ts';

const searchesKept = 8;

export interface PageRequest {
  path: string;
  /** Rows of the file. */
  rows: number;
  offset: number;
  limit: number;
  /** Empty: every row. */
  search: string;
}

export class RowPages {
  /** Row numbers by file and text, so that further pages of a search are read at once. */
  readonly #found = new Map<string, Uint32Array>();

  async read({ path, rows, offset, limit, search }: PageRequest, signal: AbortSignal): Promise<DatasetRowPage> {
    const file = await RowFileReader.open(path);
    try {
      if (search === '') {
        const lines = await file.lines(offset, Math.min(rows, offset + limit));
        return { total: rows, rows: lines.map((line, i) => toRow(line, offset + i)) };
      }
      const found = await this.#search(path, search, signal);
      const page: DatasetRowPage = { total: found.length, rows: [] };
      for (const number of found.subarray(offset, offset + limit)) {
        for (const line of await file.lines(number, number + 1)) page.rows.push(toRow(line, number));
      }
      return page;
    } finally {
      await file.close();
    }
  }

  async #search(path: string, text: string, signal: AbortSignal): Promise<Uint32Array> {
    const key = `${path}\n${text.toLowerCase()}`;
    const found = this.#found.get(key) ?? (await runInThread('search', { path, text }, { signal }));
    this.#found.delete(key);
    this.#found.set(key, found); // the last one used is the last to go
    const [oldest] = this.#found.keys();
    if (this.#found.size > searchesKept) this.#found.delete(oldest);
    return found;
  }
}

function toRow(line: string, index: number): DatasetRowPage['rows'][number] {
  return parseRow(JSON.parse(line), index, {});
}
