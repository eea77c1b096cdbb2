/** Brings a database to the newest schema, one numbered migration after the other, each in a transaction of its own. */
import type { Database } from 'better-sqlite3';
import { StudioError } from '../contract/errors.ts';
import { initial } from './migrations/001-initial.ts';
import { samples } from './migrations/002-samples.ts';
import { datasets } from './migrations/003-datasets.ts';
import { wordsOfRuns } from './migrations/004-words-of-runs.ts';

/** Migration n (1-based) leads from `user_version` n − 1 to n. A migration that has been released never changes. */
const migrations: readonly string[] = [initial, samples, datasets, wordsOfRuns];

/**
 * @param steps the migrations to use; another list is for tests
 * @throws StudioError store_failed when a newer version of the studio wrote the database
 */
export function migrate(database: Database, steps: readonly string[] = migrations): void {
  // The version is read inside the transaction: another process may be migrating the same file.
  const takeStep = database.transaction((): boolean => {
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version > steps.length) {
      throw new StudioError(
        'store_failed',
        `The database ${database.name} was written by a newer version of GRPO Studio (schema ${version}; this version knows ` +
          `schema ${steps.length}). Update GRPO Studio, or choose another data directory with --data-dir.`,
        { path: database.name },
      );
    }
    const next = steps[version];
    if (next === undefined) return false;
    database.exec(next);
    database.pragma(`user_version = ${version + 1}`);
    return true;
  });
  while (takeStep.immediate());
}
