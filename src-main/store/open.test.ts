import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newRun, stepRecord } from './fixtures/records.ts';
import { migrate } from './migrate.ts';
import { samples } from './migrations/002-samples.ts';
import { openStore } from './open.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'grpo-store-'));
  path = join(folder, 'deep', 'studio.sqlite');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('openStore', () => {
  test('makes the folder, keeps what was written, and shares the file with a second connection', () => {
    const store = openStore(path);
    store.writer.createRun(newRun('one'));
    const second = openStore(path);
    second.writer.createRun(newRun('two'));
    expect(
      store.reader
        .listRuns()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['one', 'two']);
    second.close();
    store.close();
    const again = openStore(path);
    expect(again.reader.listRuns()).toHaveLength(2);
    again.close();
    const raw = new Database(path);
    expect(raw.pragma('journal_mode', { simple: true })).toBe('wal');
    raw.close();
  });

  test('does not write into a file that has been deleted', () => {
    const store = openStore(path);
    rmSync(path);
    expect(() => store.writer.createRun(newRun('one'))).toThrow(
      expect.objectContaining({ code: 'store_failed', message: expect.stringContaining('is gone') }),
    );
    store.close();
  });

  test('several processes can create the same database at once', async () => {
    const script = `import { openStore } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      const store = openStore(process.argv[1]); store.check(); store.close();`;
    const open = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path]);
    await Promise.all([open(), open(), open(), open()]);
    const store = openStore(path);
    expect(store.reader.listRuns()).toEqual([]);
    store.close();
  });

  test('indexes the words of a database that knew them without their runs', () => {
    const store = openStore(path);
    store.writer.createRun(newRun('one'));
    store.writer.recordStep('one', stepRecord(1));
    const find = ({ samples }: typeof store) => samples.findCompletions('one', { text: '1.0.2 ünïc' }, 'step', false);
    const found = find(store);
    expect(found).toHaveLength(1);
    store.close();
    const raw = new Database(path);
    const [wordsOnly] = samples.split('CREATE INDEX');
    raw.exec(`DROP TRIGGER completion_words_deleted; DROP TABLE completion_words; ${wordsOnly}`);
    raw.pragma('user_version = 3');
    raw.close();
    const again = openStore(path);
    expect(find(again)).toEqual(found);
    again.writer.deleteRun('one');
    again.close();
  });

  test('adds the words of a step to the index as one part', () => {
    const store = openStore(path);
    store.writer.createRun(newRun('one'));
    store.writer.recordStep('one', stepRecord(1, { groups: 4, size: 4 }));
    store.close();
    const raw = new Database(path);
    expect(raw.prepare('SELECT count(DISTINCT segid) FROM completion_words_idx').pluck().get()).toBe(1);
    raw.close();
  });

  test('refuses a database from a newer version', () => {
    openStore(path).close();
    const raw = new Database(path);
    raw.pragma('user_version = 99');
    raw.close();
    expect(() => openStore(path)).toThrow(
      expect.objectContaining({
        code: 'store_failed',
        message: expect.stringMatching(/newer version of GRPO Studio \(schema 99; .*Update GRPO Studio/s),
        where: { path },
      }),
    );
  });

  test('names a file that is no database, and says what to do', () => {
    const plain = join(folder, 'plain.sqlite');
    writeFileSync(plain, 'This is a diary, not a database. '.repeat(100));
    expect(() => openStore(plain)).toThrow(
      expect.objectContaining({
        code: 'store_failed',
        message: expect.stringMatching(/plain\.sqlite is damaged .*Move it/s),
      }),
    );
    expect(readFileSync(plain, 'utf8')).toContain('diary');
  });

  test('finds damage inside the file', () => {
    const store = openStore(path);
    store.writer.createRun(newRun('one'));
    store.writer.recordStep('one', stepRecord(1, { groups: 20, size: 8, length: 200 }));
    expect(() => store.check()).not.toThrow();
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 100, 4096 * 120); // rows, not the schema: opening does not read them
    writeFileSync(path, bytes);
    const damaged = openStore(path);
    expect(() => damaged.check()).toThrow(
      expect.objectContaining({
        code: 'store_failed',
        message: expect.stringContaining('is damaged'),
        where: { path },
      }),
    );
    damaged.close();
  });

  test('says so when the folder cannot be made', () => {
    writeFileSync(join(folder, 'file'), '');
    const impossible = join(folder, 'file', 'studio.sqlite');
    expect(() => openStore(impossible)).toThrow(
      expect.objectContaining({ code: 'store_failed', message: expect.stringContaining('--data-dir') }),
    );
  });
});

describe('migrate', () => {
  test('takes only the missing steps, and a failing one leaves nothing behind', () => {
    const database = new Database(':memory:');
    const version = () => database.pragma('user_version', { simple: true });
    migrate(database, ['CREATE TABLE first (x)']);
    expect(version()).toBe(1);
    const broken = ['CREATE TABLE first (x)', 'CREATE TABLE second (x); CREATE TABLE first (x)'];
    expect(() => migrate(database, broken)).toThrow('first already exists');
    expect(version()).toBe(1);
    expect(database.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['first']);
    migrate(database, ['CREATE TABLE first (x)', 'CREATE TABLE second (x)', 'CREATE TABLE third (x)']);
    expect(version()).toBe(3);
    database.close();
  });
});
