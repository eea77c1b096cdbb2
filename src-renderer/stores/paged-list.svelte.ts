/** A long list of which only the pages that are looked at are read. */
import { SvelteMap } from 'svelte/reactivity';
import { toFailure, type Failure } from './query.svelte.ts';

const PAGE = 100;

/** Milliseconds a row must stay in sight before its page is read: what is scrolled past is not. */
const PAUSE = 30;

/** @returns rows from `offset` on, `limit` at the most, and how many there are in all */
type ReadPage<Row> = (offset: number, limit: number, signal: AbortSignal) => Promise<{ total: number; rows: Row[] }>;

export class PagedList<Row> {
  /** null before the first answer */
  total = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  readonly #pages = new SvelteMap<number, Row[]>();
  /** By page, those that were read as well. */
  readonly #readings = new Map<number, Promise<void>>();
  readonly #controller = new AbortController();
  readonly #read: ReadPage<Row>;

  constructor(read: ReadPage<Row>) {
    this.#read = read;
    void this.#readPage(0);
  }

  /** undefined while it has not been read */
  row(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** For a row that has come into sight. @returns for when it leaves */
  want(index: number): () => void {
    const page = Math.floor(index / PAGE);
    if (this.#readings.has(page)) return () => undefined;
    const timer = setTimeout(() => void this.#readPage(page), PAUSE);
    return () => clearTimeout(timer);
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
    void this.#readPage(0);
  };

  /** Nothing is read any more. */
  end(): void {
    this.#controller.abort();
  }

  #readPage(page: number): Promise<void> {
    const reading = this.#readings.get(page) ?? this.#readAnew(page);
    this.#readings.set(page, reading);
    return reading;
  }

  async #readAnew(page: number): Promise<void> {
    try {
      const { total, rows } = await this.#read(page * PAGE, PAGE, this.#controller.signal);
      this.total = total;
      this.#pages.set(page, rows);
    } catch (error) {
      this.#readings.delete(page);
      if (!this.#controller.signal.aborted) this.failure = toFailure(error);
    }
  }
}
