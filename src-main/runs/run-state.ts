/** The life of a run as a state machine: which action is possible in which status, and what comes of it. */
import { StudioError } from '../contract/errors.ts';
import type { RunStatus } from '../contract/run.ts';

export type RunAction =
  'start' | 'pause' | 'unpause' | 'complete' | 'stop' | 'checkpoint' | 'fail' | 'interrupt' | 'resume';

/** `pause` and `unpause` halt and continue a live engine; `resume` launches a new engine from a checkpoint. */
const transitions: Record<RunAction, Partial<Record<RunStatus, RunStatus>>> = {
  start: { created: 'running' },
  pause: { running: 'paused' },
  unpause: { paused: 'running' },
  complete: { running: 'completed' },
  stop: { running: 'stopped', paused: 'stopped' },
  checkpoint: { running: 'running', paused: 'paused' },
  fail: { running: 'failed', paused: 'failed' },
  interrupt: { running: 'interrupted', paused: 'interrupted' },
  resume: { stopped: 'running', failed: 'running', interrupted: 'running' },
};

const participles: Record<RunAction, string> = {
  start: 'started',
  pause: 'paused',
  unpause: 'continued',
  complete: 'completed',
  stop: 'stopped',
  checkpoint: 'checkpointed',
  fail: 'marked as failed',
  interrupt: 'marked as interrupted',
  resume: 'resumed',
};

const situations: Record<RunStatus, string> = {
  created: 'it has not been started; start it first',
  running: 'it is running',
  paused: 'it is paused; continue or stop it first',
  completed: 'it has taken all its steps; begin a new run from its last checkpoint to train on',
  stopped: 'it was stopped; it can be resumed from its last checkpoint',
  failed: 'it has failed; it can be resumed from its last checkpoint',
  interrupted: 'it was interrupted; it can be resumed from its last checkpoint',
};

/**
 * The status that `action` leads to from `status`.
 * @throws StudioError run_state when the action is not possible, saying why and what is
 */
export function nextStatus(run: { id: string; status: RunStatus }, action: RunAction): RunStatus {
  const next = transitions[action][run.status];
  if (next === undefined) {
    throw new StudioError('run_state', `Run ${run.id} cannot be ${participles[action]}: ${situations[run.status]}.`);
  }
  return next;
}
