/** Reads samples in full: a group with its completions, a completion's tokens, one prompt over the steps; and keeps bookmarks. */
import type { Database } from 'better-sqlite3';
import type { GroupCompletion, GroupSample, PromptMoment } from '../contract/api/samples.ts';
import type { FinishReason } from '../contract/engine.ts';
import type { ExportedCompletion, SampleStore, StoredTokens } from './sample-interfaces.ts';
import { toRuleScore, type StoredScore } from './spans.ts';
import { tokenColumns, toTokenArrays, type TokenBlobs } from './token-arrays.ts';

type DetailReader = Pick<
  SampleStore,
  'exportRows' | 'readGroup' | 'readTokens' | 'promptHistory' | 'bookmark' | 'removeBookmark'
>;

type GroupRecord = Omit<GroupSample, 'groups' | 'completions' | 'zeroVariance' | 'previous' | 'next'>;
type CompletionRecord = Omit<GroupCompletion, 'scores' | 'bookmark'> & { note: string | null };
type ExportRecord = Omit<ExportedCompletion, 'scores' | 'bookmark'> & { id: number; note: string | null };

interface TokenRecord extends TokenBlobs {
  id: number;
  group: number;
  run: string;
  step: number;
  finishReason: FinishReason;
  advantage: number;
}

/** Characters of a completion that the history of a prompt shows. */
const EXCERPT = 600;

export function createSampleDetailReader(database: Database): DetailReader {
  const group = database.prepare<[number], GroupRecord>(`
    SELECT id, run_id AS run, step, dataset_row AS row, position, prompt, length(prompt_tokens) / 4 AS promptTokens
    FROM groups WHERE id = ?`);
  const groupsOfStep = database
    .prepare<[string, number], number>('SELECT count(*) FROM groups WHERE run_id = ? AND step = ?')
    .pluck();
  const neighbour = (comparison: '<' | '>', direction: 'DESC' | 'ASC') =>
    database
      .prepare<[string, number, number], number>(
        `SELECT id FROM groups WHERE run_id = ? AND (step, position) ${comparison} (?, ?)
         ORDER BY step ${direction}, position ${direction} LIMIT 1`,
      )
      .pluck();
  const before = neighbour('<', 'DESC');
  const after = neighbour('>', 'ASC');
  const completions = database.prepare<[number], CompletionRecord>(`
    SELECT id, position, text, finish_reason AS finishReason, reward, advantage, length(tokens) / 4 AS tokens, note
    FROM completions LEFT JOIN bookmarks ON completion_id = id WHERE group_id = ? ORDER BY advantage DESC, position`);
  const scores = database.prepare<[number], StoredScore>(
    'SELECT rule, score, why, spans FROM rule_scores WHERE completion_id = ? ORDER BY position',
  );
  const tokens = database.prepare<[number], TokenRecord>(`
    SELECT c.id, c.group_id AS "group", g.run_id AS run, g.step, c.finish_reason AS finishReason, c.advantage,
      ${tokenColumns}
    FROM completions c JOIN groups g ON g.id = c.group_id WHERE c.id = ?`);
  const groupsOfPrompt = database.prepare<
    [string, number],
    Omit<PromptMoment, 'best' | 'worst'> & { best: number; worst: number }
  >(`
    SELECT g.id AS "group", g.step,
      (SELECT avg(reward) FROM completions WHERE group_id = g.id) AS meanReward,
      (SELECT min(reward) FROM completions WHERE group_id = g.id) AS minReward,
      (SELECT max(reward) FROM completions WHERE group_id = g.id) AS maxReward,
      (SELECT id FROM completions WHERE group_id = g.id ORDER BY reward DESC NULLS LAST, position LIMIT 1) AS best,
      (SELECT id FROM completions WHERE group_id = g.id ORDER BY reward ASC NULLS LAST, position LIMIT 1) AS worst
    FROM groups g WHERE g.run_id = ? AND g.dataset_row = ? ORDER BY g.step, g.position`);
  const excerpt = database.prepare<[number], PromptMoment['best']>(
    `SELECT id AS completion, substr(text, 1, ${EXCERPT}) AS text, reward FROM completions WHERE id = ?`,
  );
  const exported = database.prepare<[string], ExportRecord>(`
    SELECT c.id, g.step, g.position AS "group", g.dataset_row AS row, c.position, g.prompt, c.text, c.reward, c.advantage,
      c.finish_reason AS finishReason, length(c.tokens) / 4 AS tokens, note
    FROM json_each(?) AS wanted CROSS JOIN completions c ON c.id = wanted.value JOIN groups g ON g.id = c.group_id
      LEFT JOIN bookmarks ON completion_id = c.id
    ORDER BY wanted.key`);
  const addBookmark = database.prepare(
    'INSERT OR REPLACE INTO bookmarks (completion_id, note, created_at) VALUES (?, ?, ?)',
  );
  const deleteBookmark = database.prepare('DELETE FROM bookmarks WHERE completion_id = ?');

  const scoresOf = (completion: number) => scores.all(completion).map(toRuleScore);
  const toBookmark = (note: string | null) => (note === null ? null : { note });

  return {
    readGroup: (id) => {
      const record = group.get(id);
      if (record === undefined) return null;
      const { run, step, position } = record;
      const found = completions.all(id);
      const rewards = found.map(({ reward }) => reward).filter((reward) => reward !== null);
      return {
        ...record,
        groups: groupsOfStep.get(run, step) as number,
        completions: found.map(({ note, ...completion }) => ({
          ...completion,
          scores: scoresOf(completion.id),
          bookmark: toBookmark(note),
        })),
        zeroVariance: rewards.length > 0 && rewards.every((reward) => reward === rewards[0]),
        previous: before.get(run, step, position) ?? null,
        next: after.get(run, step, position) ?? null,
      };
    },
    readTokens: (id): StoredTokens | null => {
      const record = tokens.get(id);
      return record === undefined ? null : { ...record, ...toTokenArrays(record) };
    },
    promptHistory: (runId, row) =>
      groupsOfPrompt.all(runId, row).map(({ best, worst, ...moment }) => ({
        ...moment,
        best: excerpt.get(best) as PromptMoment['best'],
        worst: excerpt.get(worst) as PromptMoment['worst'],
      })),
    exportRows: (ids) =>
      exported.all(JSON.stringify(ids)).map(({ id, note, ...completion }) => ({
        ...completion,
        scores: scoresOf(id),
        bookmark: toBookmark(note),
      })),
    bookmark: (completion, note) => void addBookmark.run(completion, note, new Date().toISOString()),
    removeBookmark: (completion) => void deleteBookmark.run(completion),
  };
}
