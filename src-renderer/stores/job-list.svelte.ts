/** The jobs of the studio, kept up to date by their events. */
import type { Job } from '../../src-main/contract/api/jobs.ts';
import type { Transport } from '../transport/transport.ts';

export class JobList {
  /** Newest first. */
  jobs = $state.raw<Job[]>([]);
  readonly #transport: Transport;
  readonly #waiting = new Map<string, (job: Job) => void>();

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.listen('jobs', (changes, gap) => {
      if (gap) void this.#read();
      for (const job of changes) this.#take(job);
    });
    void this.#read();
  }

  get(id: string): Job | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  /** Resolves with the job once it has ended, well or not. */
  ended(id: string): Promise<Job> {
    const job = this.get(id);
    if (job !== undefined && job.state !== 'running') return Promise.resolve(job);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  async #read(): Promise<void> {
    for (const job of (await this.#transport.call('list-jobs', null).catch(() => [])).reverse()) this.#take(job);
  }

  #take(job: Job): void {
    const known = this.jobs.some(({ id }) => id === job.id);
    this.jobs = known ? this.jobs.map((other) => (other.id === job.id ? job : other)) : [job, ...this.jobs];
    if (job.state === 'running') return;
    this.#waiting.get(job.id)?.(job);
    this.#waiting.delete(job.id);
  }
}
