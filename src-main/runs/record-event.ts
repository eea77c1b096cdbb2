/** Writes what the engine reports into the store, as it comes, and deletes the checkpoints that it makes outdated. */
import type { EngineEvent } from '../contract/engine.ts';
import type { ErrorRecord } from '../contract/errors.ts';
import type { Store, RunEvent } from '../store/interfaces.ts';
import { pruneCheckpoints } from './checkpoints.ts';
import { nextStatus, type RunAction } from './run-state.ts';

/** Takes a run through one transition, with the event that tells of it. */
export function transition(
  store: Store,
  runId: string,
  action: RunAction,
  event: RunEvent,
  error: ErrorRecord | null = null,
): void {
  const run = store.reader.getRun(runId);
  store.writer.changeStatus(runId, { from: run.status, to: nextStatus(run, action), error, event });
}

/** @throws StudioError store_failed when the database refuses it, run_state when the run is in no status for such an event */
export function recordEvent(store: Store, runId: string, event: EngineEvent): void {
  const { writer } = store;
  switch (event.type) {
    case 'phase':
    case 'backends': // no run's
      return;
    case 'started': {
      const { backend, device } = event.info;
      writer.setEngineInfo(runId, event.info);
      return writer.addEvent(runId, {
        type: 'started',
        step: event.step,
        message: `The engine runs on ${backend} (${device}).`,
      });
    }
    case 'step':
      return writer.recordStep(runId, event.record);
    case 'evaluation':
      return writer.recordEvaluation(runId, event.record);
    case 'checkpoint':
      writer.recordCheckpoint(runId, event.step, event.path);
      return prune(store, runId, event.step);
    case 'warning':
      return writer.addEvent(runId, { type: 'warning', step: event.step, message: event.message });
    case 'paused':
      if (store.reader.getRun(runId).status === 'paused') return; // asked twice
      return transition(store, runId, 'pause', {
        type: 'paused',
        step: event.step,
        message: `Paused after step ${event.step}.`,
      });
    case 'resumed':
      if (store.reader.getRun(runId).status === 'running') return; // asked twice
      return transition(store, runId, 'unpause', {
        type: 'resumed',
        step: event.step,
        message: `Goes on after step ${event.step}.`,
      });
    case 'finished': {
      const [action, message] =
        event.reason === 'completed'
          ? (['complete', `Completed all ${event.step} steps.`] as const)
          : (['stop', `Stopped after step ${event.step}.`] as const);
      return transition(store, runId, action, { type: event.reason, step: event.step, message });
    }
    case 'failed': {
      const message = `${event.error.code}: ${event.error.message}`;
      return transition(store, runId, 'fail', { type: 'failed', step: event.step, message }, event.error);
    }
  }
}

/** An outdated checkpoint that resists only takes up space. */
function prune({ reader, writer }: Store, runId: string, step: number): void {
  const { directory, run } = reader.getRun(runId);
  try {
    pruneCheckpoints(directory, step, run.config.save_total_limit);
  } catch (error) {
    writer.addEvent(runId, { type: 'warning', step, message: (error as Error).message });
  }
}
