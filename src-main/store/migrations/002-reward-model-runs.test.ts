import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../migrate.ts';
import { initial } from './001-initial.ts';
import { rewardModelRuns } from './002-reward-model-runs.ts';

test('keeps the runs and all that refers to them, and takes runs that train a reward model', () => {
  const database = new Database(':memory:');
  database.pragma('foreign_keys = ON');
  migrate(database, [initial]);
  const insert = (id: string, type: string) =>
    database
      .prepare(
        `INSERT INTO runs (id, name, type, status, config, max_steps, dataset_hash, reward_hash, directory, created_at)
         VALUES (?, 'run', ?, 'created', '{}', 1, '', '', '', '')`,
      )
      .run(id, type);
  insert('first', 'grpo');
  insert('second', 'sft');
  database.exec(`INSERT INTO steps VALUES ('second', 1, '')`);
  migrate(database, [initial, rewardModelRuns]);
  insert('third', 'reward_model');
  expect(database.prepare('SELECT type FROM runs ORDER BY id').pluck().all()).toEqual(['grpo', 'sft', 'reward_model']);
  expect(database.prepare('SELECT count(*) FROM steps').pluck().get()).toBe(1);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  expect(() => insert('fourth', 'other')).toThrow('CHECK constraint failed');
  database.close();
});
