/** Turns what SQLite reports into errors that name the database and say what to do. */
import Database from 'better-sqlite3';
import { StudioError } from '../contract/errors.ts';

/** `error` as a `StudioError('store_failed')` when it came from SQLite; every other error as it is. */
export function toStoreError(path: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  return new StudioError('store_failed', describe(path, error.code, error.message), { path }, { cause: error });
}

/**
 * The same methods; an error that SQLite throws in one of them comes out as a `StudioError('store_failed')`.
 * @param before called before each of them
 */
export function withStoreErrors<Methods extends object>(
  path: string,
  methods: Methods,
  before: (path: string) => void = () => undefined,
): Methods {
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    (...parameters: unknown[]): unknown => {
      before(path);
      try {
        return (method as (...parameters: unknown[]) => unknown)(...parameters);
      } catch (error) {
        throw toStoreError(path, error);
      }
    },
  ]);
  return Object.fromEntries(guarded) as Methods;
}

export function damagedMessage(path: string, fault: string): string {
  return (
    `The database ${path} is damaged (${fault}). Move it to another folder and the studio makes a new one; what the old one still ` +
    `holds comes out with: sqlite3 ${JSON.stringify(path)} .recover | sqlite3 recovered.sqlite`
  );
}

function describe(path: string, code: string, message: string): string {
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return damagedMessage(path, message);
  if (code === 'SQLITE_FULL')
    return `The disk that holds the database ${path} is full. Free some space, then resume the run.`;
  if (code.startsWith('SQLITE_BUSY')) {
    return `The database ${path} has been locked by another program for too long (${message}). Close that program, or wait for it.`;
  }
  if (/^SQLITE_(CANTOPEN|READONLY|IOERR|PERM|AUTH)/.test(code)) {
    return `The database ${path} cannot be read or written (${message}). Check that the file and its folder are yours to write.`;
  }
  return `The database ${path} refused an operation (${code}: ${message}).`;
}
