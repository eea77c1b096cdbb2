/** Sets of reward rules: each content once, under its hash; names are lists of versions, each of which points to a content. */
import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { RewardRule } from '../contract/reward-rules.ts';
import type { RewardSetVersion, StoreReader, StoreWriter } from './interfaces.ts';

/** The rules as JSON with sorted keys: equal rules in the same order are equal texts. */
function canonicalRules(rules: readonly RewardRule[]): string {
  return JSON.stringify(rules, (_key, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([first], [second]) => (first < second ? -1 : 1)));
  });
}

type RewardSetReader = Pick<StoreReader, 'listRewardSets' | 'rewardSetHistory' | 'readRewardSet'>;

export function createRewardSetReader(database: Database): RewardSetReader {
  const columns = 'name, version, hash, saved_at AS savedAt';
  const newest = database.prepare<[], RewardSetVersion>(`
    SELECT ${columns} FROM reward_set_versions AS versions
    WHERE version = (SELECT max(version) FROM reward_set_versions WHERE name = versions.name) ORDER BY name`);
  const history = database.prepare<[string], RewardSetVersion>(
    `SELECT ${columns} FROM reward_set_versions WHERE name = ? ORDER BY version DESC`,
  );
  const rules = database.prepare<[string], string>('SELECT rules FROM reward_sets WHERE hash = ?').pluck();
  return {
    listRewardSets: () => newest.all(),
    rewardSetHistory: (name) => history.all(name),
    readRewardSet: (hash) => {
      const json = rules.get(hash);
      return json === undefined ? null : (JSON.parse(json) as RewardRule[]);
    },
  };
}

interface RewardSetWriter {
  /** Keeps the rules if they are new. Returns their hash. */
  keepRules(rules: readonly RewardRule[], now: string): string;
  saveVersion(name: string, rules: readonly RewardRule[], now: string): ReturnType<StoreWriter['saveRewardSet']>;
}

/** Called inside a transaction. */
export function createRewardSetWriter(database: Database): RewardSetWriter {
  const insertRules = database.prepare('INSERT OR IGNORE INTO reward_sets (hash, rules, created_at) VALUES (?, ?, ?)');
  const insertVersion = database.prepare(
    'INSERT INTO reward_set_versions (name, version, hash, saved_at) VALUES (@name, @version, @hash, @savedAt)',
  );
  const { rewardSetHistory } = createRewardSetReader(database);

  function keepRules(rules: readonly RewardRule[], now: string): string {
    const json = canonicalRules(rules);
    const hash = createHash('sha256').update(json).digest('hex');
    insertRules.run(hash, json, now);
    return hash;
  }

  return {
    keepRules,
    saveVersion(name, rules, savedAt) {
      const hash = keepRules(rules, savedAt);
      const newest = rewardSetHistory(name)[0];
      if (newest?.hash === hash) return newest;
      const version = { name, version: (newest?.version ?? 0) + 1, hash, savedAt };
      insertVersion.run(version);
      return version;
    },
  };
}
