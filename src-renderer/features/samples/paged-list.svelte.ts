/** A long list of which only the pages that are looked at are read. */
import { SvelteMap } from 'svelte/reactivity';
import type { SamplePage } from '../../../src-main/contract/api/samples.ts';
import { toFailure, type Failure } from '../../stores/query.svelte.ts';

const PAGE = 100;

/** Milliseconds between a row's wish to be seen and the reading: rows that are scrolled past in less are not read. */
const PAUSE = 30;

export class PagedList<Row> {
  /** null before the first answer */
  total = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  readonly #pages = new SvelteMap<number, Row[]>();
  readonly #asked = new Set<number>();
  readonly #wanted = new Set<number>();
  readonly #controller = new AbortController();
  readonly #read: (offset: number, limit: number, signal: AbortSignal) => Promise<SamplePage<Row>>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(read: (offset: number, limit: number, signal: AbortSignal) => Promise<SamplePage<Row>>) {
    this.#read = read;
    void this.#readPage(0);
  }

  /** undefined while it has not been read */
  row(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Has the row read. @returns withdraws the wish, when the row has left the screen meanwhile */
  want(index: number): () => void {
    const page = Math.floor(index / PAGE);
    if (this.#asked.has(page)) return () => undefined;
    this.#wanted.add(page);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const wanted of this.#wanted) void this.#readPage(wanted);
      this.#wanted.clear();
    }, PAUSE);
    return () => this.#wanted.delete(page);
  }

  /** The row, read first when it has to be; undefined beyond the ends. */
  async fetch(index: number): Promise<Row | undefined> {
    if (index < 0 || (this.total !== null && index >= this.total)) return undefined;
    if (this.row(index) === undefined) await this.#readPage(Math.floor(index / PAGE));
    return this.row(index);
  }

  /** Place of the first row that fits among those that were read; −1 when there is none. */
  findIndex(fits: (row: Row) => boolean): number {
    for (const [page, rows] of this.#pages) {
      const place = rows.findIndex(fits);
      if (place >= 0) return page * PAGE + place;
    }
    return -1;
  }

  /** Puts a changed row in the place of the one that stands. */
  change(fits: (row: Row) => boolean, changed: (row: Row) => Row): void {
    for (const [page, rows] of this.#pages) {
      if (rows.some(fits))
        this.#pages.set(
          page,
          rows.map((row) => (fits(row) ? changed(row) : row)),
        );
    }
  }

  retry = (): void => {
    this.failure = null;
    this.#asked.clear();
    void this.#readPage(0);
  };

  /** Nothing is read any more. */
  end(): void {
    this.#controller.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #readPage(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    try {
      const { total, rows } = await this.#read(page * PAGE, PAGE, this.#controller.signal);
      this.total = total;
      this.#pages.set(page, rows);
    } catch (error) {
      this.#asked.delete(page);
      if (!this.#controller.signal.aborted) this.failure = toFailure(error);
    }
  }
}
