/** Does work on whole dataset files in a thread of its own, so that the host goes on answering meanwhile. */
import { Worker } from 'node:worker_threads';
import { StudioError } from '../../contract/errors.ts';
import { workerLocation } from '../../rewards/sandbox/worker-location.ts';
import type { TaskName, ThreadMessage, ThreadTask, ThreadTasks } from './thread-tasks.ts';

const location = workerLocation('./dataset-thread.ts', 'dataset-thread.js', import.meta.url);

export interface TaskControl {
  /** Ends the thread at once. */
  signal: AbortSignal;
  /** @param share of the work that is done, in [0, 1] */
  onProgress?: (share: number, rows: number) => void;
}

/** @throws StudioError what the task throws; the signal's reason when it is aborted */
export function runInThread<Name extends TaskName>(
  name: Name,
  input: ThreadTasks[Name]['input'],
  { signal, onProgress }: TaskControl,
): Promise<ThreadTasks[Name]['result']> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<ThreadTasks[Name]['result']>();
  const task: ThreadTask<Name> = { name, input };
  const worker = new Worker(location, { execArgv: [], workerData: task });
  const giveUp = () => reject(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  worker.on('message', (message: ThreadMessage) => {
    if (message.kind === 'progress') onProgress?.(message.share, message.rows);
    else if (message.kind === 'result') resolve(message.result as ThreadTasks[Name]['result']);
    else reject(StudioError.fromRecord(message.error));
  });
  worker.on('error', reject);
  worker.on('exit', () =>
    reject(new StudioError('io_failed', 'The thread that reads datasets ended before its work did.')),
  );
  return promise.finally(() => {
    signal.removeEventListener('abort', giveUp);
    // The caller goes on when nothing writes any more.
    return worker.terminate();
  });
}
