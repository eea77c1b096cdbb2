/** Finds the runs whose host died while they ran, and marks them, so that they can be resumed. */
import { existsSync } from 'node:fs';
import { isLive } from '../contract/run.ts';
import { acquireRunLock } from '../store/run-lock.ts';
import type { Store } from '../store/interfaces.ts';
import { transition } from './record-event.ts';

/**
 * Marks every run that stands as running or paused and that no living process drives as interrupted.
 * @param ownRuns those that this process drives
 */
export function interruptDeadRuns(store: Store, ownRuns: ReadonlyMap<string, unknown>): void {
  for (const id of store.reader.listActiveRuns()) {
    if (ownRuns.has(id)) continue;
    const { directory } = store.reader.getRun(id);
    const lock = existsSync(directory) ? acquireRunLock(directory, 0) : undefined;
    if (lock === null) continue; // driven by a living process
    try {
      // Read again under the lock: its process may have ended the run in the meantime.
      const { status, step, hostPid } = store.reader.getRun(id);
      if (!isLive(status)) continue;
      const message = `Its host (process ${hostPid}) ended before the run did; ${step} steps are recorded.`;
      transition(store, id, 'interrupt', { type: 'interrupted', step, message });
    } finally {
      lock?.release();
    }
  }
}
