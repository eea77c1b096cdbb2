/** The rows of a part of a dataset, or those that hold a text, of which only the pages that are looked at are read. */
import { SvelteMap } from 'svelte/reactivity';
import type { DatasetRowPage } from '../../../src-main/contract/api/datasets.ts';
import { toFailure, type Failure } from '../../stores/query.svelte.ts';

export type Row = DatasetRowPage['rows'][number];

const pageRows = 100;

/** Milliseconds a row must stay in sight before its page is read: what is scrolled past is not. */
const pause = 40;

type ReadPage = (offset: number, limit: number, signal: AbortSignal) => Promise<DatasetRowPage>;

export class RowPages {
  /** null before the first answer */
  total = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  readonly #rows = new SvelteMap<number, Row[]>();
  readonly #asked = new Set<number>();
  readonly #controller = new AbortController();
  readonly #read: ReadPage;

  constructor(read: ReadPage) {
    this.#read = read;
    void this.#readPage(0);
  }

  /** undefined while it has not been read */
  row(place: number): Row | undefined {
    return this.#rows.get(Math.floor(place / pageRows))?.[place % pageRows];
  }

  /** For a row that has come into sight. @returns for when it leaves */
  want(place: number): () => void {
    const page = Math.floor(place / pageRows);
    if (this.#asked.has(page)) return () => undefined;
    const timer = setTimeout(() => void this.#readPage(page), pause);
    return () => clearTimeout(timer);
  }

  retry = (): void => {
    this.failure = null;
    void this.#readPage(0);
  };

  /** Nothing is read any more. */
  end(): void {
    this.#controller.abort();
  }

  async #readPage(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    try {
      const { total, rows } = await this.#read(page * pageRows, pageRows, this.#controller.signal);
      this.#rows.set(page, rows);
      this.total = total;
    } catch (error) {
      this.#asked.delete(page);
      if (!this.#controller.signal.aborted) this.failure = toFailure(error);
    }
  }
}
