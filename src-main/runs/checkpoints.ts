/** The checkpoint folders of a run: `checkpoints/step-NNNNNN`. The engine writes them; a folder of that name is complete. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError } from '../contract/errors.ts';

export interface Checkpoint {
  step: number;
  path: string;
}

/** Complete checkpoints of a run, oldest first; folders still being written (`.tmp-…`) do not count. */
export function listCheckpoints(runDirectory: string): Checkpoint[] {
  const folder = join(runDirectory, 'checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^step-\d{6,}$/.test(entry.name))
    .map(({ name }) => ({ step: Number(name.slice('step-'.length)), path: join(folder, name) }))
    .sort((first, second) => first.step - second.step);
}

/** The newest complete checkpoint at or before `step`, or null. */
export function newestCheckpoint(runDirectory: string, step: number): Checkpoint | null {
  return listCheckpoints(runDirectory).findLast((checkpoint) => checkpoint.step <= step) ?? null;
}

/** Deletes the checkpoints after `step`: a run that goes on from there makes them anew, under the same names. */
export function removeCheckpointsAfter(runDirectory: string, step: number): void {
  remove(listCheckpoints(runDirectory).filter((candidate) => candidate.step > step));
}

/**
 * Deletes all but the newest `limit` checkpoints up to `step`, the last that is recorded. Those after it do not count: an engine runs ahead of
 * its host, and a run can only be resumed at a step that is recorded.
 */
export function pruneCheckpoints(runDirectory: string, step: number, limit: number): void {
  remove(
    listCheckpoints(runDirectory)
      .filter((candidate) => candidate.step <= step)
      .slice(0, -limit),
  );
}

function remove(outdated: Checkpoint[]): void {
  for (const { path } of outdated) {
    try {
      rmSync(path, { recursive: true });
    } catch (error) {
      const sentence = `The outdated checkpoint ${path} cannot be deleted (${(error as Error).message}). Delete it by hand.`;
      throw new StudioError('io_failed', sentence, { path }, { cause: error });
    }
  }
}
