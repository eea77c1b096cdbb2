/**
 * Locks that end with the process that holds them. One tells a run that another process drives from one whose process has died: the driver holds an SQLite lock on a file of its own in the
 * run's folder. The operating system drops the lock with the process, however it ends; a process id in a table would outlive it, and
 * be given to another program, or mean another process in another container.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { toStoreError } from './store-errors.ts';

export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of the run in `directory`, or returns null when a process (this one included) holds it: the run is being driven.
 * @param patienceMs how long to wait for it; another process that only looks holds it for a moment
 * @throws StudioError store_failed when the folder cannot be written
 */
export function acquireRunLock(directory: string, patienceMs = 2000): RunLock | null {
  return acquireLock(join(directory, 'driver.lock'), patienceMs);
}

/** The same for any work that one process alone may do; `path` is the lock's own file. */
export function acquireLock(path: string, patienceMs: number): RunLock | null {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: patienceMs });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw toStoreError(path, error);
  }
  const held = database;
  return { release: () => void held.close() };
}
