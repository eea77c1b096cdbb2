/** A run as the store keeps it and the interfaces show it. */
import type { RunConfig, RunType } from './config.ts';
import type { EngineInfo } from './engine.ts';
import type { ErrorRecord } from './errors.ts';

/**
 * created → running ⇄ paused → completed | stopped | failed. `stopped` and `failed` runs, and runs whose host died while
 * `running` (found as `interrupted` at the next start), resume from their last checkpoint.
 */
export const runStatuses = ['created', 'running', 'paused', 'completed', 'stopped', 'failed', 'interrupted'] as const;

export type RunStatus = (typeof runStatuses)[number];

/** Whether a run of this status has an engine at work on it, or one that waits. */
export function isLive(status: RunStatus): boolean {
  return status === 'running' || status === 'paused';
}

export interface RunSummary {
  id: string;
  name: string;
  type: RunType;
  status: RunStatus;
  createdAt: string; // ISO 8601
  startedAt: string | null;
  endedAt: string | null;
  /** Steps recorded so far. */
  step: number;
  maxSteps: number;
  error: ErrorRecord | null;
  /** Mean reward of the newest step and held-out accuracy of the first and newest evaluation; null where there is none. */
  reward: number | null;
  evalBefore: number | null;
  evalAfter: number | null;
}

export interface RunDetail extends RunSummary {
  run: RunConfig;
  directory: string;
  info: EngineInfo | null;
}
