/**
 * Fills a database to a number of completions. The first hundred thousand are written step by step by the store; further runs are copies of
 * those, made by the database itself with every index, the word index included: by steps, ten million would take hours.
 */
import Database from 'better-sqlite3';
import { openStore } from '../../src-main/store/open.ts';
import { addWordsOfRun } from '../../src-main/store/run-words.ts';
import { completionsOfStep, recordedRun, recordedStep } from './records.ts';

const STEPS_OF_RUN = 1000;

/** Completions that the store itself writes: a run of 1,000 steps and one of 563. */
const WRITTEN = 100_000;

/** @param number 1-based, in the order of their making */
export function runName(number: number): string {
  return `run-${String(number).padStart(4, '0')}`;
}

/** @param wanted completions that shall be there afterwards: rounded up to whole steps, beyond the written ones to whole runs */
export function fill(path: string, wanted: number): void {
  writeSteps(path, Math.min(wanted, WRITTEN));
  if (wanted > WRITTEN) copyRuns(path, wanted);
}

function writeSteps(path: string, wanted: number): void {
  const store = openStore(path);
  let missing = Math.ceil(wanted / completionsOfStep);
  for (let number = 1; missing > 0; number++) {
    const run = runName(number);
    if (!store.reader.listRuns().some(({ id }) => id === run)) store.writer.createRun(recordedRun(run, `${path}-runs`));
    const last = Math.min(STEPS_OF_RUN, missing);
    for (let step = store.reader.getRun(run).step + 1; step <= last; step++) {
      store.writer.recordStep(run, recordedStep(run, step));
    }
    missing -= last;
  }
  store.close();
}

function copyRuns(path: string, wanted: number): void {
  const database = new Database(path);
  // Nobody else is here, and a machine that fails begins anew.
  database.pragma('journal_mode = MEMORY');
  database.pragma('synchronous = OFF');
  database.pragma('foreign_keys = OFF');
  database.pragma('cache_size = -1000000');
  addWordsOfRun(database);
  const columnsOf = (table: string) =>
    database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
  const number = (sql: string, ...parameters: string[]) =>
    database
      .prepare(sql)
      .pluck()
      .get(...parameters) as number;

  function copy(table: string, changes: Record<string, string>, rest: string): void {
    const columns = columnsOf(table);
    const values = columns.map((column) => changes[column] ?? column);
    database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM ${rest}`).run();
  }

  const copyRun = database.transaction((source: string, target: string) => {
    const run_id = `'${target}'`;
    const ofRun = `WHERE run_id = '${source}'`;
    const first = number('SELECT min(id) FROM groups WHERE run_id = ?', source);
    const last = number('SELECT max(id) FROM groups WHERE run_id = ?', source);
    const groups = number('SELECT max(id) FROM groups') + 1 - first;
    const firstCompletion = number(`SELECT min(id) FROM completions WHERE group_id = ${first}`);
    const lastCompletion = number(`SELECT max(id) FROM completions WHERE group_id = ${last}`);
    const completions = number('SELECT max(id) FROM completions') + 1 - firstCompletion;
    copy('runs', { id: run_id, name: run_id }, `runs WHERE id = '${source}'`);
    copy('steps', { run_id }, `steps ${ofRun} ORDER BY step`);
    copy('metrics', { run_id }, `metrics ${ofRun} ORDER BY step, name`);
    copy('groups', { id: `id + ${groups}`, run_id }, `groups WHERE id BETWEEN ${first} AND ${last} ORDER BY id`);
    copy(
      'completions',
      { id: `id + ${completions}`, group_id: `group_id + ${groups}` },
      `completions WHERE id BETWEEN ${firstCompletion} AND ${lastCompletion} ORDER BY id`,
    );
    database.exec(`
      INSERT INTO completion_words (rowid, text) SELECT id, words_of_run(${run_id}, text)
      FROM completions WHERE id BETWEEN ${firstCompletion + completions} AND ${lastCompletion + completions} ORDER BY id`);
    copy(
      'rule_scores',
      { completion_id: `completion_id + ${completions}` },
      `rule_scores WHERE completion_id BETWEEN ${firstCompletion} AND ${lastCompletion} ORDER BY completion_id, position`,
    );
  });

  const started = performance.now();
  let runs = number('SELECT count(*) FROM runs');
  for (let there = number('SELECT max(id) FROM completions'); there < wanted;) {
    copyRun(runName(1 + (runs % 2)), runName(runs + 1));
    runs++;
    there = number('SELECT max(id) FROM completions');
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.error(`${there.toLocaleString('en')} completions in ${runs} runs, ${seconds} s`);
  }
  // What a database that grew step by step has behind it: here the whole work of uniting the word index's parts is still to be done.
  const changes = database.prepare<[], number>('SELECT total_changes()').pluck();
  const unite = database.prepare("INSERT INTO completion_words (completion_words, rank) VALUES ('merge', 1000)");
  for (let before = -2, now = 0; now - before >= 2; now = changes.get() as number) {
    before = now;
    unite.run();
  }
  database.pragma('journal_mode = WAL');
  database.close();
}
