/** Opens the studio's database: the only place where a connection is made and configured. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StudioError } from '../contract/errors.ts';
import type { Store } from './interfaces.ts';
import { migrate } from './migrate.ts';
import { createReader } from './read.ts';
import { createSampleDetailReader } from './read-sample-details.ts';
import { createSampleListReader } from './read-samples.ts';
import { addWordsOfRun } from './run-words.ts';
import { damagedMessage, toStoreError, withStoreErrors } from './store-errors.ts';
import { createWriter } from './write.ts';

/**
 * Opens or creates the database at `path` (`:memory:` for one that dies with the process) and brings it to the newest schema. Several
 * processes may have the same file open.
 * @throws StudioError store_failed when it cannot be opened, is damaged, or comes from a newer version of the studio
 */
export function openStore(path: string): Store {
  const database = connect(path);
  const close = (): void => void database.close();
  try {
    configure(database);
    migrate(database);
    const reader = withStoreErrors(path, createReader(database));
    const writer = withStoreErrors(path, createWriter(database, reader), requireFile);
    const samples = withStoreErrors(path, {
      ...createSampleListReader(database),
      ...createSampleDetailReader(database),
    });
    return { path, reader, writer, samples, close, ...withStoreErrors(path, { check: () => check(database, path) }) };
  } catch (error) {
    close();
    throw toStoreError(path, error);
  }
}

function connect(path: string): Database.Database {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    return new Database(path);
  } catch (error) {
    if (error instanceof Database.SqliteError) throw toStoreError(path, error);
    const sentence = `The folder of the database ${path} cannot be made (${(error as Error).message}). Choose another with --data-dir.`;
    throw new StudioError('store_failed', sentence, { path }, { cause: error });
  }
}

function configure(database: Database.Database): void {
  // A second process waits for the first to finish its step instead of failing.
  database.pragma('busy_timeout = 10000');
  // Readers (a window, the sqlite3 shell) never block the run that writes, nor it them.
  database.pragma('journal_mode = WAL');
  // FULL, not NORMAL: with NORMAL a power cut may take back the last steps, while the checkpoint after them, which is fsynced, stays,
  // and the resumed run would have a hole in its history. One fsync a step costs milliseconds; a step takes seconds.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  addWordsOfRun(database);
}

/** SQLite goes on writing into a file that has been deleted, where nobody will find it. */
function requireFile(path: string): void {
  if (path === ':memory:' || existsSync(path)) return;
  const sentence = `The database ${path} is gone: it was moved or deleted while the studio used it. Put it back, then start the studio again.`;
  throw new StudioError('store_failed', sentence, { path });
}

function check(database: Database.Database, path: string): void {
  const structure = database.pragma('quick_check(1)', { simple: true }) as string;
  if (structure !== 'ok') throw new StudioError('store_failed', damagedMessage(path, structure), { path });
  const [orphan] = database.pragma('foreign_key_check') as { table: string; parent: string }[];
  if (orphan === undefined) return;
  const fault = `a row of ${orphan.table} belongs to no row of ${orphan.parent}`;
  throw new StudioError('store_failed', damagedMessage(path, fault), { path });
}
