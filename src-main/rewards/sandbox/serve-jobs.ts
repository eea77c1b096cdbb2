/** The worker thread's side of a `WatchedWorker`: answers jobs one after the other, in order. */
import { parentPort } from 'node:worker_threads';

/** What a worker sends: that it is ready for jobs, or one job's result. */
export type WorkerMessage = 'ready' | { result: unknown };

/** Calls `answer` for each job that arrives. An error that it throws ends the thread, and is reported as that job's. */
export function serveJobs<Job, Result>(answer: (job: Job) => Result): void {
  const port = parentPort;
  if (port === null) throw new Error('This module runs in a worker thread.');
  port.on('message', (job: Job) => port.postMessage({ result: answer(job) } satisfies WorkerMessage));
  port.postMessage('ready' satisfies WorkerMessage);
}
