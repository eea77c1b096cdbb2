/** Tells when a thread has worked too long on one job. In processor time, so that a busy machine changes no verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

const longestPeriodMs = 200;

/** A thread inside one long built-in operation does not even say what time it has used; it is waited for so much longer. */
const deafMs = 2000;

/**
 * Calls `onSlow` once the thread has used `limitMs` of processor time while `progress` stayed the same.
 * @param progress a number that changes with every result that was read
 */
export async function watchThread(
  worker: Worker,
  limitMs: number,
  { progress, onSlow, signal }: { progress: () => number; onSlow: () => void; signal: AbortSignal },
): Promise<void> {
  let seen = progress();
  let begin: number | null = null;
  while (!signal.aborted) {
    await delay(Math.min(limitMs / 2, longestPeriodMs), undefined, { signal }).catch(() => undefined);
    const asked = progress();
    const used = await Promise.race([
      processorMs(worker),
      delay(limitMs + deafMs, 'deaf' as const, { signal }).catch(() => null),
    ]);
    if (used === null || signal.aborted) return;
    if (used === 'deaf') {
      if (progress() === asked) return onSlow();
      continue;
    }
    if (progress() !== seen) begin = null;
    seen = progress();
    begin ??= used;
    if (used - begin >= limitMs) return onSlow();
  }
}

/** The processor time that a thread has used, also while it works; null once it has ended. */
async function processorMs(worker: Worker): Promise<number | null> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    // The thread ended; whoever waits for its results hears of that by itself.
    return null;
  }
}
