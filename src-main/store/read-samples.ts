/** Lists samples: first the ids that a filter means, through indexes, then the rows of the page that is looked at. */
import type { Database } from 'better-sqlite3';
import type { CompletionRow, GroupRow, StepSummary } from '../contract/api/samples.ts';
import type { SampleStore } from './sample-interfaces.ts';
import { sampleConditions } from './sample-query.ts';

type ListReader = Pick<
  SampleStore,
  'version' | 'findCompletions' | 'findGroups' | 'completionRows' | 'groupRows' | 'listSteps'
>;

/** Characters of a text that a list shows. */
const SNIPPET = 240;

const completionOrders = { reward: 'c.reward', advantage: 'c.advantage', length: 'length(c.tokens)' };

export function createSampleListReader(database: Database): ListReader {
  const version = database
    .prepare<{ runId: string }, string>(
      `SELECT coalesce((SELECT step || ' ' || recorded_at FROM steps WHERE run_id = @runId ORDER BY step DESC LIMIT 1), '')
         || ' ' || (SELECT count(*) || ' ' || coalesce(max(created_at), '') FROM bookmarks)`,
    )
    .pluck();
  const completionRows = database.prepare<[string], Omit<CompletionRow, 'bookmarked'> & { bookmarked: 0 | 1 }>(`
    SELECT c.id, c.group_id AS "group", g.step, g.dataset_row AS row, c.position, c.reward, c.advantage,
      c.finish_reason AS finishReason, length(c.tokens) / 4 AS tokens, substr(c.text, 1, ${SNIPPET}) AS snippet,
      EXISTS (SELECT 1 FROM bookmarks WHERE completion_id = c.id) AS bookmarked
    FROM json_each(?) AS wanted CROSS JOIN completions c ON c.id = wanted.value JOIN groups g ON g.id = c.group_id
    ORDER BY wanted.key`);
  const groupRows = database.prepare<[string], Omit<GroupRow, 'rewards'> & { rewards: string }>(`
    SELECT g.id, g.step, g.dataset_row AS row, g.position,
      iif(length(g.prompt) > 2 * ${SNIPPET}, '…' || substr(g.prompt, -2 * ${SNIPPET}), g.prompt) AS snippet,
      (SELECT json_group_array(reward ORDER BY reward DESC) FROM completions WHERE group_id = g.id AND reward IS NOT NULL) AS rewards,
      (SELECT count(*) FROM completions WHERE group_id = g.id) AS completions,
      (SELECT count(*) FROM completions JOIN bookmarks ON completion_id = completions.id WHERE group_id = g.id) AS bookmarks
    FROM json_each(?) AS wanted CROSS JOIN groups g ON g.id = wanted.value
    ORDER BY wanted.key`);
  const steps = database.prepare<[string], StepSummary>(`
    SELECT step, count(*) AS groups, sum(size) AS completions, sum(total) / nullif(sum(scored), 0) AS meanReward,
      sum(zero) AS zeroVariance
    FROM (
      SELECT g.step, count(*) AS size, count(c.reward) AS scored, sum(c.reward) AS total,
        coalesce(min(c.reward) = max(c.reward), 0) AS zero
      FROM groups g CROSS JOIN completions c ON c.group_id = g.id
      WHERE g.run_id = ? GROUP BY g.step, g.position
    )
    GROUP BY step ORDER BY step`);

  function find(sql: string, runId: string, parameters: Record<string, string | number>): number[] {
    return database
      .prepare(sql)
      .pluck()
      .all({ runId, ...parameters }) as number[];
  }

  return {
    version: (runId) => version.get({ runId }) as string,
    findCompletions: (runId, filter, order, descending) => {
      const { ofGroup, ofCompletion, parameters } = sampleConditions(runId, filter);
      const direction = descending ? 'DESC' : 'ASC';
      const first = order === 'step' ? '' : `${completionOrders[order]} ${direction} NULLS LAST, `;
      const where = ['g.run_id = @runId', ofGroup, ofCompletion].filter(Boolean).join(' AND ');
      // Ids of a group are in the order of positions, and every index holds them: no row with its token arrays is read.
      const sql = `SELECT c.id FROM groups g CROSS JOIN completions c ON c.group_id = g.id WHERE ${where}
        ORDER BY ${first}g.step ${direction}, g.position, c.id`;
      return find(sql, runId, parameters);
    },
    findGroups: (runId, filter, order, descending) => {
      const { ofGroup, ofCompletion, parameters } = sampleConditions(runId, filter);
      const direction = descending ? 'DESC' : 'ASC';
      const mean = '(SELECT avg(reward) FROM completions WHERE group_id = g.id)';
      const first = order === 'step' ? '' : `${mean} ${direction} NULLS LAST, `;
      const fits = ofCompletion && `EXISTS (SELECT 1 FROM completions c WHERE c.group_id = g.id AND ${ofCompletion})`;
      const where = ['g.run_id = @runId', ofGroup, fits].filter(Boolean).join(' AND ');
      return find(
        `SELECT g.id FROM groups g WHERE ${where} ORDER BY ${first}g.step ${direction}, g.position`,
        runId,
        parameters,
      );
    },
    completionRows: (ids) =>
      completionRows.all(JSON.stringify(ids)).map((row) => ({ ...row, bookmarked: row.bookmarked === 1 })),
    groupRows: (ids) =>
      groupRows.all(JSON.stringify(ids)).map((row) => ({ ...row, rewards: JSON.parse(row.rewards) as number[] })),
    listSteps: (runId) => steps.all(runId),
  };
}
