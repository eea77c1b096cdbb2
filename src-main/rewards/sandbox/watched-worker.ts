/** A worker thread for jobs that may hang or crash: what a job breaks is ended and replaced, and the other jobs get their results. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { WorkerMessage } from './serve-jobs.ts';
import { watchThread } from './watch-thread.ts';

/** A job's result, or why there is none: it ran too long, the time of all jobs was spent, or it ended the thread. */
export type JobOutcome<Result> =
  { result: Result } | { lost: 'slow' } | { lost: 'budget' } | { lost: 'crashed'; why: string };

export interface JobLimits {
  /** Longest processor time of one job in milliseconds, for jobs that do not keep to a limit of their own. */
  jobMs: number;
  /** Longest time of all jobs of a call together, in milliseconds. */
  budgetMs: number;
}

/** How many jobs are sent before the first is answered. */
const jobsAhead = 32;

const startMs = 60_000;

/** Threads that work at the same time in this process: with many more than cores, one that waits for its turn looks like one that hangs. */
const mostAtWork = Math.max(2, availableParallelism());
let atWork = 0;
const waiting: (() => void)[] = [];

async function withTurn<T>(work: () => Promise<T>): Promise<T> {
  if (atWork < mostAtWork) atWork++;
  else await new Promise<void>((resolve) => waiting.push(resolve)); // the turn is handed on
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) atWork--;
    else next();
  }
}

export class WatchedWorker<Job, Result> {
  readonly #location: URL;
  readonly #heapMb: number;
  #worker: Worker | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /**
   * @param location the worker's module, which calls `serveJobs`
   * @param heapMb largest JavaScript heap of the thread in MiB; past it the thread ends
   */
  constructor(location: URL, heapMb: number) {
    this.#location = location;
    this.#heapMb = heapMb;
  }

  /**
   * @returns an outcome for each job, in order; calls wait for one another
   * @throws Error when the thread cannot be started
   */
  run(jobs: readonly Job[], limits: JobLimits): Promise<JobOutcome<Result>[]> {
    const run = this.#turn.then(() => withTurn(() => this.#runAll(jobs, limits)));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  dispose(): void {
    this.#disposed = true;
    this.#stop();
  }

  async #runAll(jobs: readonly Job[], limits: JobLimits): Promise<JobOutcome<Result>[]> {
    const outcomes: JobOutcome<Result>[] = [];
    const end = performance.now() + limits.budgetMs;
    while (outcomes.length < jobs.length) {
      if (this.#disposed) throw new Error('This worker was closed.');
      this.#worker ??= await this.#start();
      const left = end - performance.now();
      if (left <= 0) {
        outcomes.push({ lost: 'budget' });
        continue;
      }
      const whole = await runUntilLost(this.#worker, jobs, outcomes, { jobMs: limits.jobMs, budgetMs: left });
      if (!whole) this.#stop();
    }
    return outcomes;
  }

  async #start(): Promise<Worker> {
    const worker = await startWorker(this.#location, this.#heapMb);
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }

  #stop(): void {
    void this.#worker?.terminate();
    this.#worker = null;
  }
}

async function startWorker(location: URL, heapMb: number): Promise<Worker> {
  const worker = new Worker(location, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: heapMb } });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('it did not answer')), startMs);
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      void worker.terminate();
      const why = cause instanceof Error ? cause.message : String(cause);
      reject(new Error(`The worker thread of reward rules could not be started (${why}).`, { cause }));
    };
    worker.once('error', fail);
    worker.once('message', () => {
      clearTimeout(timer);
      worker.off('error', fail);
      resolve();
    });
  });
  // An error between two calls ends the thread; the next call starts another.
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

/**
 * Sends the jobs that have no outcome yet and adds the outcomes as they come.
 * @returns false when the thread was lost: the job at fault then has its outcome, those after it may have none
 */
async function runUntilLost<Job, Result>(
  worker: Worker,
  jobs: readonly Job[],
  outcomes: JobOutcome<Result>[],
  limits: JobLimits,
): Promise<boolean> {
  let sent = outcomes.length;
  const send = () => {
    while (sent < jobs.length && sent < outcomes.length + jobsAhead) worker.postMessage(jobs[sent++]);
  };
  worker.ref();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const lose = (outcome: JobOutcome<Result>) => {
    if (outcomes.length < jobs.length) outcomes.push(outcome);
    resolve(false);
  };
  const done = new AbortController();
  const progress = () => outcomes.length;
  void watchThread(worker, limits.jobMs, { progress, onSlow: () => lose({ lost: 'slow' }), signal: done.signal });
  const budget = setTimeout(() => lose({ lost: 'budget' }), limits.budgetMs);
  const onMessage = (message: Exclude<WorkerMessage, 'ready'>) => {
    outcomes.push({ result: message.result as Result });
    if (outcomes.length === jobs.length) resolve(true);
    else send();
  };
  const onError = (error: unknown) =>
    lose({ lost: 'crashed', why: error instanceof Error ? error.message : String(error) });
  const onExit = () => lose({ lost: 'crashed', why: 'the thread ended' });
  worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  send();
  try {
    return await promise;
  } finally {
    done.abort();
    clearTimeout(budget);
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    worker.unref();
  }
}
