/** Runs: listing, reading, beginning and steering them. */
import { z } from 'zod';
import type { EngineEvent } from '../engine.ts';
import type { RunDetail, RunSummary } from '../run.ts';

const run = z.string().min(1).describe('id of a run');

export const runInputs = {
  'list-runs': z.null(),
  'read-run': z.strictObject({ run }),
} as const;

export interface RunOutputs {
  /** Every run of the database, the newest first. */
  'list-runs': RunSummary[];
  /** @throws run_not_found */
  'read-run': RunDetail;
}

/** An event of a run's engine, without the groups of a step: those are read from the database by whoever shows them. */
export interface RunActivity {
  run: string;
  event: Exclude<EngineEvent, { type: 'step' } | { type: 'evaluation' }> | MetricsEvent;
}

/** The metrics of a finished step or of an evaluation. */
interface MetricsEvent {
  type: 'step' | 'evaluation';
  step: number;
  metrics: Record<string, number>;
}
