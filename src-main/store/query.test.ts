/** The questions a person asks the database by hand, with nothing but SQL. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newRun, stepRecord } from './fixtures/records.ts';
import { openStore } from './open.ts';

const folder = mkdtempSync(join(tmpdir(), 'grpo-query-'));
const path = join(folder, 'studio.sqlite');
let database: Database.Database;

beforeAll(() => {
  const store = openStore(path);
  store.writer.createRun(newRun('run-a', { name: 'first' }));
  store.writer.createRun(newRun('run-b', { name: 'second' }));
  for (const id of ['run-a', 'run-b']) for (const step of [19, 20]) store.writer.recordStep(id, stepRecord(step));
  store.close();
  database = new Database(path, { readonly: true });
});

afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

test('which completions of step 20 had the highest advantage, and why each rule scored them so', () => {
  const rows = database
    .prepare(
      `SELECT advantage, completion_id, completion, rule, score, why FROM completion_scores
       WHERE run_name = 'first' AND step = 20 ORDER BY advantage DESC, completion_id, rule_position LIMIT 4`,
    )
    .all() as { advantage: number; completion: string; rule: string; score: number | null; why: string }[];
  expect(rows.map(({ advantage, rule, score, why }) => [advantage, rule, score, why])).toEqual([
    [1, 'exact', 2, '20.0.2 counts for 2.'],
    [1, 'tagged', null, 'The row has no tag to look for.'],
    [1, 'exact', 2, '20.1.2 counts for 2.'],
    [1, 'tagged', null, 'The row has no tag to look for.'],
  ]);
  expect(rows[0]?.completion).toMatch(/^Answer 20\.0\.2/);
});

test('the query that the README shows', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const sql = /SELECT advantage[^"]*/.exec(readme)![0];
  const rows = database.prepare(sql).all() as { advantage: number; completion: string; why: string }[];
  expect(rows).toHaveLength(6);
  expect(rows[0]).toMatchObject({ advantage: 1, rule: 'exact', score: 2, why: '20.0.2 counts for 2.' });
});

test('how a metric went', () => {
  const rows = database
    .prepare(`SELECT step, value FROM metrics WHERE run_id = 'run-a' AND name = 'reward' ORDER BY step`)
    .raw();
  expect(rows.all()).toEqual([
    [19, 1.9],
    [20, 2],
  ]);
});

test('what the columns mean: the schema carries its comments', () => {
  const sql = database.prepare(`SELECT sql FROM sqlite_schema WHERE name = 'completions'`).pluck().get();
  expect(sql).toContain('-- the reward, normalised within the group');
});

test('the question of a step is answered through indexes, without reading the other steps', () => {
  const plan = database
    .prepare(`EXPLAIN QUERY PLAN SELECT * FROM completion_scores WHERE run_id = 'run-a' AND step = 20`)
    .all() as { detail: string }[];
  expect(plan.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'))).toEqual([]);
});
