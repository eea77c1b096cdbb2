/** The worker thread for work on whole dataset files. It does one task and ends; who gives up ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorRecord } from '../../contract/errors.ts';
import { importFiles } from '../../datasets/import-file.ts';
import { inspectFile } from '../../datasets/inspect-file.ts';
import { searchRows } from '../../datasets/search-rows.ts';
import type { TaskName, ThreadMessage, ThreadTask, ThreadTasks } from './thread-tasks.ts';
import { writeImport } from './write-import.ts';

type OnProgress = (share: number, rows: number) => void;

const tasks: { [Name in TaskName]: (input: ThreadTasks[Name]['input'], onProgress: OnProgress) => Promise<unknown> } = {
  inspect: ({ path }) => inspectFile(path),
  check: (request, onProgress) => importFiles(request, null, onProgress),
  import: ({ folder, ...request }, onProgress) => writeImport(folder, request, onProgress),
  search: ({ path, text }) => searchRows(path, text),
  // With its tokenizer, which the other tasks need not wait for.
  statistics: async (input) => (await import('./length-statistics.ts')).lengthStatistics(input),
};

function say(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

const { name, input } = workerData as ThreadTask;
// Name and input belong together, which the compiler cannot follow through the table.
const task = tasks[name] as (input: unknown, onProgress: OnProgress) => Promise<unknown>;
try {
  say({ kind: 'result', result: await task(input, (share, rows) => say({ kind: 'progress', share, rows })) });
} catch (error) {
  say({ kind: 'error', error: toErrorRecord(error, 'io_failed') });
}
