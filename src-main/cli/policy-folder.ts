/** Finds the checkpoint folder that a person means by a path or by a run. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { listCheckpoints, newestCheckpoint, type Checkpoint } from '../runs/checkpoints.ts';
import { databasePath, resolveDataDirectory } from '../services/data-directory.ts';
import { libraryFolder, namedFolder } from '../services/models/library-folder.ts';
import { isModelFolder, requireModelFolder } from '../services/runs/model-folder.ts';
import { openStore } from '../store/open.ts';
import type { StoredRun } from '../store/interfaces.ts';

export interface PolicyFolder {
  folder: string;
  /** The run that the checkpoint comes from; null for a model folder. */
  run: StoredRun | null;
}

/**
 * A model folder when `modelOrRun` is one or names one of the library, else the newest checkpoint of the run of that id or name, or the one of a step.
 * @param step of the checkpoint; the newest when not given
 * @throws StudioError model_invalid, run_not_found, checkpoint_invalid when the run has no checkpoint yet
 */
export function findPolicyFolder(modelOrRun: string, dataDirFlag: string | undefined, step?: number): PolicyFolder {
  if (isModelFolder(modelOrRun) && step !== undefined) {
    throw new StudioError('config_invalid', `${modelOrRun} is a folder; only a run has a checkpoint of step ${step}.`, {
      field: 'step',
    });
  }
  if (isModelFolder(modelOrRun)) return { folder: resolve(modelOrRun), run: null };
  if (existsSync(modelOrRun) && statSync(modelOrRun).isDirectory()) requireModelFolder(modelOrRun);
  if (/[/\\]/.test(modelOrRun))
    throw new StudioError('model_invalid', `${modelOrRun} does not exist.`, { path: resolve(modelOrRun) });
  const dataDirectory = resolveDataDirectory({ flag: dataDirFlag });
  const named = step === undefined ? namedFolder(libraryFolder(dataDirectory), modelOrRun) : null;
  if (named !== null) return { folder: named, run: null };
  const store = openStore(databasePath(dataDirectory));
  try {
    const run = store.reader.resolveRun(modelOrRun);
    const checkpoint = step === undefined ? newestCheckpoint(run.directory, run.step) : checkpointOf(run, step);
    if (checkpoint === null) {
      throw new StudioError('checkpoint_invalid', `Run ${run.id} has no checkpoint yet.`, { path: run.directory });
    }
    return { folder: checkpoint.path, run };
  } finally {
    store.close();
  }
}

function checkpointOf(run: StoredRun, step: number): Checkpoint {
  const checkpoints = listCheckpoints(run.directory);
  const found = checkpoints.find((checkpoint) => checkpoint.step === step);
  if (found !== undefined) return found;
  const steps =
    checkpoints.length === 0 ? 'it has none yet' : `it has those of ${checkpoints.map((kept) => kept.step).join(', ')}`;
  throw new StudioError('checkpoint_invalid', `Run ${run.id} has no checkpoint of step ${step}: ${steps}.`, {
    path: run.directory,
    field: 'step',
  });
}
