/** One engine process at work on one run: what it reports is recorded and passed on, and the run ends when the process does. */
import type { EngineCommand, EngineEvent } from '../contract/engine.ts';
import { StudioError, toErrorRecord, type ErrorRecord } from '../contract/errors.ts';
import type { RunSummary } from '../contract/run.ts';
import type { Store } from '../store/interfaces.ts';
import type { EngineExit, EngineHandle, EngineLauncher } from './engine-launcher.ts';
import { recordEvent, transition } from './record-event.ts';

export interface LiveRun {
  send(command: EngineCommand): void;
  /** Kills the process and leaves the run as interrupted. */
  interrupt(): void;
  /** Settles when the process has gone; rejects when the database could not record how the run ended. */
  finished: Promise<RunSummary>;
}

interface Drive {
  store: Store;
  runId: string;
  command: Extract<EngineCommand, { type: 'start' }>;
  launchEngine: EngineLauncher;
  /** Gets every event after it has been recorded, and a `failed` for a process that could not send one. */
  notify: (event: EngineEvent) => void;
  /** Called when the process has gone, before `finished` settles. */
  release: () => void;
}

/** Launches an engine for a run that stands as running. */
export function driveRun({ store, runId, command, launchEngine, notify, release }: Drive): LiveRun {
  const { promise: finished, resolve, reject } = Promise.withResolvers<RunSummary>();
  // Listeners have heard of the failure in any case; a host that does not wait for this run must not die of it.
  finished.catch(() => undefined);
  /** Whether the store holds how the run ended. */
  let ended = false;
  let killed = false;
  /** Steps recorded so far. */
  let lastStep = store.reader.getRun(runId).step;
  /** Why an event could not be recorded; the engine is killed then, for a run must not go on unrecorded. */
  let refusal: ErrorRecord | null = null;

  /** The engine's last event is `finished` or `failed`; what a killed engine still sends is dropped. */
  function onEvent(event: EngineEvent): void {
    if (ended || refusal !== null) return;
    try {
      recordEvent(store, runId, event);
    } catch (error) {
      refusal = toErrorRecord(error, 'store_failed');
      engine.kill();
      return;
    }
    if (event.type === 'step') lastStep = event.record.step;
    ended = event.type === 'finished' || event.type === 'failed';
    notify(event);
  }

  function onExit(exit: EngineExit): void {
    const crash = ended ? null : (refusal ?? crashError(exit));
    try {
      if (crash !== null) recordEvent(store, runId, { type: 'failed', step: lastStep, error: crash });
      else if (exit.code !== 0 && !killed) {
        store.writer.addEvent(runId, { type: 'warning', step: lastStep, message: crashError(exit).message });
      }
      resolve(store.reader.getRun(runId));
    } catch (error) {
      reject(error);
    }
    release();
    if (crash !== null) notify({ type: 'failed', step: lastStep, error: crash });
  }

  function launch(): EngineHandle {
    try {
      return launchEngine(onEvent, onExit);
    } catch (error) {
      const record = toErrorRecord(error, 'engine_crashed');
      recordEvent(store, runId, { type: 'failed', step: lastStep, error: record });
      throw StudioError.fromRecord(record);
    }
  }

  const engine = launch();
  engine.send(command);
  return {
    send: (next) => engine.send(next),
    interrupt: () => {
      if (!ended) {
        const message = `The studio was closed; ${lastStep} steps are recorded.`;
        transition(store, runId, 'interrupt', { type: 'interrupted', step: lastStep, message });
        ended = true;
      }
      killed = true;
      engine.kill();
    },
    finished,
  };
}

/** What to tell of a process that ended before its work was done. */
export function crashError({ code, signal, output }: EngineExit): ErrorRecord {
  const end =
    signal !== null
      ? `was killed by ${signal}`
      : code === null
        ? 'could not be started'
        : `ended with exit code ${code}`;
  const memory = signal === 'SIGKILL' ? ' The system kills a process so when memory runs out.' : '';
  const lastWords = output.length > 0 ? ` Its last output:\n${output.join('\n')}` : ' It wrote nothing.';
  return { code: 'engine_crashed', message: `The engine process ${end}.${memory}${lastWords}` };
}
