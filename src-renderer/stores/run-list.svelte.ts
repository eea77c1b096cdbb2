/** The runs of the database as the page shows them: read at once, then again every few seconds while the page is visible. */
import type { RunSummary } from '../../src-main/contract/run.ts';
import type { Transport } from '../transport/transport.ts';
import { toFailure, type Failure } from './query.svelte.ts';

const refreshMilliseconds = 2000;
const clockMilliseconds = 1000;

export class RunList {
  /** The newest list that arrived; null before the first. */
  runs = $state.raw<RunSummary[] | null>(null);
  /** Why the newest refresh failed; null when it did not. */
  failure = $state.raw<Failure | null>(null);
  refreshing = $state(false);
  /** Milliseconds since 1970, moved on every second. */
  now = $state(Date.now());
  readonly #transport: Transport;
  /** As `refreshing`, but no state: an effect that starts a refresh must not run again when the refresh ends. */
  #asking = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Reads the list. A failure is kept in `failure` beside the last good list. */
  async refresh(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.refreshing = true;
    try {
      this.runs = await this.#transport.call('list-runs', null);
      this.failure = null;
    } catch (error) {
      this.failure = toFailure(error);
    } finally {
      this.#asking = false;
      this.refreshing = false;
      this.now = Date.now();
    }
  }

  /**
   * Refreshes now and on, as long as `isVisible`, and keeps the clock.
   * @returns stops both
   */
  watch(isVisible: () => boolean): () => void {
    const refresh = () => {
      if (isVisible()) void this.refresh();
    };
    refresh();
    const refreshTimer = setInterval(refresh, refreshMilliseconds);
    const clock = setInterval(() => (this.now = Date.now()), clockMilliseconds);
    return () => {
      clearInterval(refreshTimer);
      clearInterval(clock);
    };
  }
}
