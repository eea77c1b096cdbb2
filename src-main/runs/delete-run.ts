/** Deletes a run for good: its records first, so that a folder that resists leaves no run without one. */
import { rmSync } from 'node:fs';
import { StudioError } from '../contract/errors.ts';
import type { Store, StoredRun } from '../store/interfaces.ts';
import { isLive } from './run-state.ts';

/** @throws StudioError run_state while it goes on, io_failed when its folder cannot be deleted */
export function deleteRun({ writer }: Store, { id, status, directory }: StoredRun): void {
  if (isLive(status)) {
    throw new StudioError('run_state', `Run ${id} cannot be deleted: it is ${status}. Stop it first.`);
  }
  writer.deleteRun(id);
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    const sentence = `The run is deleted, but its folder cannot be (${(error as Error).message}). Delete it by hand: ${directory}`;
    throw new StudioError('io_failed', sentence, { path: directory }, { cause: error });
  }
}
