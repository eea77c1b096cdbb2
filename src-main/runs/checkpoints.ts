/** The checkpoint folders of a run: `checkpoints/step-NNNNNN`. The engine writes and prunes them; a folder of that name is complete. */
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
  for (const checkpoint of listCheckpoints(runDirectory).filter((candidate) => candidate.step > step)) {
    try {
      rmSync(checkpoint.path, { recursive: true });
    } catch (error) {
      const sentence = `The outdated checkpoint ${checkpoint.path} cannot be deleted (${(error as Error).message}). Delete it by hand.`;
      throw new StudioError('io_failed', sentence, { path: checkpoint.path }, { cause: error });
    }
  }
}
