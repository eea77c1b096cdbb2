/** Something read from the studio: its newest value, whether it is being read, and why the last reading failed. */
import { CallError, ConnectionError } from '../transport/transport.ts';

/** What to tell about something that could not be done. */
export interface Failure {
  message: string;
  /** The file or folder at fault, when there is one. */
  path: string | null;
  /** The field at fault, dotted, when there is one. */
  field: string | null;
  /** There is no connection: the shell says so, for everything on the page. */
  lost: boolean;
}

export function toFailure(error: unknown): Failure {
  const record = error instanceof CallError ? error.record : null;
  return {
    message: error instanceof Error ? error.message : String(error),
    path: record?.path ?? null,
    field: record?.field ?? null,
    lost: error instanceof ConnectionError,
  };
}

export class Query<T> {
  /** The newest value; null before the first. It stays while a newer one is read, and when that fails. */
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  loading = $state(false);
  readonly #read: (signal: AbortSignal) => Promise<T>;
  #controller: AbortController | null = null;

  constructor(read: (signal: AbortSignal) => Promise<T>) {
    this.#read = read;
  }

  /** Reads anew; a reading that is still under way is given up. */
  refresh = async (): Promise<void> => {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.loading = true;
    try {
      const value = await this.#read(controller.signal);
      if (this.#controller !== controller) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (this.#controller === controller) this.failure = toFailure(error);
    } finally {
      if (this.#controller === controller) this.loading = false;
    }
  };
}
