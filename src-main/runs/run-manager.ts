/** Creates, starts, steers and resumes runs: joins the store, which remembers, to engine processes, which work. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../contract/config.ts';
import type { EngineEvent } from '../contract/engine.ts';
import { StudioError } from '../contract/errors.ts';
import { isLive, type RunDetail, type RunSummary } from '../contract/run.ts';
import { acquireRunLock, type RunLock } from '../store/run-lock.ts';
import type { Store, StoredRun } from '../store/interfaces.ts';
import { newestCheckpoint, removeCheckpointsAfter, type Checkpoint } from './checkpoints.ts';
import { hashContent, requireSameRows, type RunRows } from './content-hash.ts';
import { deleteRun } from './delete-run.ts';
import type { EngineLauncher } from './engine-launcher.ts';
import { interruptDeadRuns } from './interrupt-dead-runs.ts';
import { driveRun, type LiveRun } from './live-run.ts';
import { transition } from './record-event.ts';
import { defaultRunName, makeRunId } from './run-id.ts';
import { nextStatus } from './run-state.ts';

export type RunListener = (runId: string, event: EngineEvent) => void;

/** Every method that takes an id takes a whole one (see `StoreReader.resolveRun`) and throws run_not_found for another. */
export interface RunManager {
  /** Makes the run's folder, `<data directory>/runs/<id>`, and its entry in the database. */
  createRun(run: RunConfig, rows: RunRows): RunDetail;
  /** @throws StudioError run_state unless the run has just been created, dataset_invalid when its rows have changed */
  start(id: string, rows: RunRows): void;
  /**
   * Goes on from the newest complete checkpoint, or from the beginning without one, after deleting what was recorded past it. Returns
   * the step it goes on from.
   * @throws StudioError run_state unless the run was stopped, failed or interrupted, dataset_invalid when its rows have changed
   */
  resume(id: string, rows: RunRows): number;
  /** Halts after the current unit of work; the engine keeps its memory. */
  pause(id: string): void;
  /** Continues a paused run. */
  unpause(id: string): void;
  /** Asks for a checkpoint after the current step, and for the end of the run as stopped. */
  stop(id: string): void;
  /** Asks for a checkpoint after the current step, at once of a paused run. */
  checkpoint(id: string): void;
  /**
   * Deletes a run: what it recorded, and its folder with the checkpoints.
   * @throws StudioError run_state while it is running or paused, io_failed when the folder cannot be deleted
   */
  delete(id: string): void;
  /** Ids of the runs that this manager drives. */
  live(): string[];
  /** Marks the runs as interrupted whose host has died meanwhile; for those who show runs. What steers runs does it by itself. */
  interruptDead(): void;
  /** Calls `listener` with each event of each run this manager drives, after it has been recorded; returns how to end that. */
  onEvent(listener: RunListener): () => void;
  /** Resolves when the run's engine has gone, at once for a run that has ended; a failed run resolves too, with its error. */
  finished(id: string): Promise<RunSummary>;
  /** `stop` for every run that this manager drives; resolves when their engines have gone. */
  stopAll(): Promise<void>;
  /** Kills the engines still at work; their runs are left as interrupted. For the end of the host. */
  close(): Promise<void>;
}

interface RunManagerParts {
  store: Store;
  dataDirectory: string;
  launchEngine: EngineLauncher;
}

/** Runs left by a host that died are marked as interrupted first. */
export function createRunManager({ store, dataDirectory, launchEngine }: RunManagerParts): RunManager {
  const { reader, writer } = store;
  const live = new Map<string, LiveRun>();
  const listeners = new Set<RunListener>();

  /** A full or read-only disk must not hide the runs: they are shown as they stand. What steers one tells of it. */
  function interruptDead(): void {
    try {
      interruptDeadRuns(store, live);
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'store_failed') throw error;
    }
  }
  interruptDead();

  function getRun(id: string): StoredRun {
    interruptDeadRuns(store, live);
    return reader.getRun(id);
  }

  function launch(id: string, rows: RunRows, action: 'start' | 'resume'): number {
    const found = getRun(id);
    nextStatus(found, action);
    requireSameRows(found, rows);
    const lock = takeLock(found);
    try {
      const run = reader.getRun(id); // as it is now that no other process can drive it
      nextStatus(run, action);
      const checkpoint = action === 'resume' ? newestCheckpoint(run.directory, run.step) : null;
      const step = checkpoint?.step ?? 0;
      writer.rewindTo(run.id, step);
      removeCheckpointsAfter(run.directory, step);
      transition(store, run.id, action, startEvent(action, checkpoint));
      const engine = driveRun({
        store,
        runId: run.id,
        command: {
          type: 'start',
          run: run.run,
          ...rows,
          runDirectory: run.directory,
          resumeFrom: checkpoint?.path ?? null,
        },
        launchEngine,
        notify: (event) => listeners.forEach((listener) => listener(run.id, event)),
        release: () => {
          live.delete(run.id);
          lock.release();
        },
      });
      live.set(run.id, engine);
      return step;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  function send(id: string, action: 'pause' | 'unpause' | 'stop' | 'checkpoint'): void {
    const run = getRun(id);
    nextStatus(run, action);
    const engine = live.get(id);
    if (engine === undefined) throw drivenElsewhere(run);
    engine.send({ type: action === 'unpause' ? 'resume' : action });
  }

  return {
    createRun: (run, rows) => {
      const time = new Date();
      const { id, directory } = makeRunDirectory(join(dataDirectory, 'runs'), time);
      const name = run.config.name ?? defaultRunName(run.type, time);
      writer.createRun({ id, name, run, directory, ...hashContent(run, rows) });
      return reader.getRun(id);
    },
    start: (id, rows) => void launch(id, rows, 'start'),
    resume: (id, rows) => launch(id, rows, 'resume'),
    pause: (id) => send(id, 'pause'),
    unpause: (id) => send(id, 'unpause'),
    stop: (id) => send(id, 'stop'),
    checkpoint: (id) => send(id, 'checkpoint'),
    delete: (id) => deleteRun(store, getRun(id)),
    live: () => [...live.keys()],
    interruptDead,
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    finished: async (id) => {
      const engine = live.get(id);
      if (engine !== undefined) return engine.finished;
      const run = getRun(id);
      if (isLive(run.status)) throw drivenElsewhere(run);
      if (run.status === 'created') throw new StudioError('run_state', `Run ${id} has not been started.`);
      return run;
    },
    stopAll: async () => {
      const engines = [...live];
      for (const [id] of engines) if (isLive(reader.getRun(id).status)) send(id, 'stop'); // others are on their way out
      await Promise.allSettled(engines.map(([, engine]) => engine.finished));
    },
    close: async () => {
      const engines = [...live.values()];
      engines.forEach((engine) => engine.interrupt());
      await Promise.all(engines.map((engine) => engine.finished));
    },
  };
}

function makeRunDirectory(parent: string, time: Date): { id: string; directory: string } {
  const id = makeRunId(time);
  const directory = join(parent, id);
  try {
    mkdirSync(parent, { recursive: true });
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(directory))
      return makeRunDirectory(parent, time);
    const sentence = `The folder of the run cannot be made: ${directory} (${(error as Error).message}).`;
    throw new StudioError('io_failed', sentence, { path: directory }, { cause: error });
  }
  return { id, directory };
}

function takeLock(run: StoredRun): RunLock {
  if (!existsSync(run.directory)) {
    const sentence = `The folder of run ${run.id} is gone: ${run.directory}. Put it back, or begin a new run.`;
    throw new StudioError('io_failed', sentence, { path: run.directory });
  }
  const lock = acquireRunLock(run.directory);
  if (lock === null) throw drivenElsewhere(run);
  return lock;
}

function startEvent(action: 'start' | 'resume', checkpoint: Checkpoint | null) {
  if (action === 'start') return { type: 'started', step: 0, message: `Started by process ${process.pid}.` } as const;
  const origin = checkpoint === null ? 'the beginning: there is no checkpoint' : checkpoint.path;
  return {
    type: 'resumed',
    step: checkpoint?.step ?? 0,
    message: `Resumed by process ${process.pid} from ${origin}.`,
  } as const;
}

function drivenElsewhere({ id, hostPid }: StoredRun): StudioError {
  const process = hostPid === null ? 'another process' : `process ${hostPid}`;
  return new StudioError(
    'run_state',
    `Run ${id} is driven by ${process}; steer it there, or end that process and resume the run here.`,
  );
}
