/** Jobs: long work that is no run. It goes on when the page that began it is closed. */
import { z } from 'zod';
import type { ErrorRecord } from '../errors.ts';

export interface Job {
  id: string;
  /** What it does, for a person: `Import gsm8k.jsonl`. */
  title: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  /** Share done in [0, 1]; null where it is unknown. */
  progress: number | null;
  /** What it is at, or how it ended; empty when there is nothing to say. */
  message: string;
  /** What it made, once it is done: the id of a dataset or a model, the path of an export. */
  result: string | null;
  /** null unless failed */
  error: ErrorRecord | null;
}

/** The whole job as it is now. */
export type JobChange = Job;

export const jobInputs = {
  'list-jobs': z.null(),
  'cancel-job': z.strictObject({ job: z.string() }),
} as const;

export interface JobOutputs {
  /** Those under way and the latest that ended, newest first. */
  'list-jobs': Job[];
  /** Does nothing to a job that has ended. */
  'cancel-job': null;
}
