/** Numbers the events of a channel and keeps the latest, so that a listener that lost its connection goes on without loss. */
export class EventLog<T> {
  /** Names this log: a listener that brings another log's numbers has missed events. */
  readonly id: string;
  readonly #capacity: number;
  readonly #listeners = new Set<() => void>();
  #events: T[] = [];
  #last = 0;

  constructor(id: string, capacity = 10_000) {
    this.id = id;
    this.#capacity = capacity;
  }

  /** Number of the last event; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  append(event: T): void {
    this.#last++;
    this.#events.push(event);
    if (this.#events.length > 2 * this.#capacity) this.#events = this.#events.slice(-this.#capacity);
    for (const listener of this.#listeners) listener();
  }

  /** What came behind the event of this number; `gap` when some of it is no longer kept. */
  after(number: number): { events: T[]; gap: boolean } {
    const first = this.#last - this.#events.length; // the last event that is not kept
    if (number > this.#last) return { events: [], gap: true };
    return { events: this.#events.slice(Math.max(0, number - first)), gap: number < first };
  }

  /** @returns ends the notifications */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
