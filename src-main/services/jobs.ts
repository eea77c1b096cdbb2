/** Long work that is no run: begun by a call, followed through events, cancelled by its id. */
import type { Job } from '../contract/api/jobs.ts';
import { toErrorRecord } from '../contract/errors.ts';

/** How many ended jobs are remembered. */
const REMEMBERED = 50;

export interface JobProgress {
  /** @param progress share done in [0, 1], null where it is unknown */
  report(progress: number | null, message: string): void;
  /** Aborted when the job is cancelled. */
  signal: AbortSignal;
}

export class Jobs {
  readonly #jobs = new Map<string, { job: Job; controller: AbortController }>();
  readonly #publish: (job: Job) => void;
  #begun = 0;

  /** @param publish is told of every change */
  constructor(publish: (job: Job) => void) {
    this.#publish = publish;
  }

  /**
   * Begins a job and returns its id at once.
   * @param work gives what it made; what it throws ends the job as failed, or as cancelled when it was
   */
  begin(title: string, work: (progress: JobProgress) => Promise<string | null>): string {
    const id = `job-${++this.#begun}`;
    const controller = new AbortController();
    const entry = {
      job: { id, title, state: 'running', progress: null, message: '', result: null, error: null } as Job,
      controller,
    };
    this.#jobs.set(id, entry);
    const change = (changes: Partial<Job>) => {
      entry.job = { ...entry.job, ...changes };
      this.#publish(entry.job);
    };
    change({});
    const progress: JobProgress = {
      signal: controller.signal,
      report: (share, message) => {
        if (entry.job.state === 'running') change({ progress: share, message });
      },
    };
    void work(progress)
      .then((result) => change({ state: 'done', progress: 1, result }))
      .catch((error: unknown) => {
        if (controller.signal.aborted) change({ state: 'cancelled', message: '' });
        else change({ state: 'failed', error: toErrorRecord(error, 'io_failed') });
      })
      .finally(() => this.#forgetOldest());
    return id;
  }

  /** Newest first. */
  list(): Job[] {
    return [...this.#jobs.values()].map(({ job }) => job).reverse();
  }

  cancel(id: string): void {
    this.#jobs.get(id)?.controller.abort();
  }

  #forgetOldest(): void {
    const ended = [...this.#jobs.values()].filter(({ job }) => job.state !== 'running');
    for (const { job } of ended.slice(0, Math.max(0, ended.length - REMEMBERED))) this.#jobs.delete(job.id);
  }
}
