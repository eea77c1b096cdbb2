/** Reads what happened in a step: metrics, groups, completions and why they were scored so. */
import type { Database } from 'better-sqlite3';
import type { CompletionRecord, FinishReason, GroupRecord } from '../contract/engine.ts';
import { toInt32Array } from './blobs.ts';
import type { MetricPoint, StoredCompletion, StoredGroup, StoreReader } from './interfaces.ts';
import { toRuleScore, type StoredScore } from './spans.ts';
import { tokenColumns, toTokenArrays, type TokenBlobs } from './token-arrays.ts';

interface GroupRow {
  id: number;
  position: number;
  row: number;
  prompt: string;
  promptTokens: Buffer;
}

interface CompletionRow extends TokenBlobs {
  id: number;
  position: number;
  text: string;
  finishReason: FinishReason;
  reward: number | null;
  advantage: number;
}

type StepReader = Pick<StoreReader, 'getMetricSeries' | 'getStep' | 'listGroups' | 'listCompletions'>;

export function createStepReader(database: Database): StepReader {
  const series = database.prepare<[string, string], MetricPoint>(
    'SELECT step, value FROM metrics WHERE run_id = ? AND name = ? ORDER BY step',
  );
  const stepExists = database
    .prepare<[string, number], number>('SELECT 1 FROM steps WHERE run_id = ? AND step = ?')
    .pluck();
  const metrics = database
    .prepare<[string, number], [string, number]>('SELECT name, value FROM metrics WHERE run_id = ? AND step = ?')
    .raw();
  const groups = database.prepare<[string, number], GroupRow>(`
    SELECT id, position, dataset_row AS row, prompt, prompt_tokens AS promptTokens
    FROM groups WHERE run_id = ? AND step = ? ORDER BY position`);
  const completions = database.prepare<[number], CompletionRow>(`
    SELECT id, position, text, finish_reason AS finishReason, reward, advantage, ${tokenColumns}
    FROM completions WHERE group_id = ? ORDER BY position`);
  const scores = database.prepare<[number], StoredScore>(
    'SELECT rule, score, why, spans FROM rule_scores WHERE completion_id = ? ORDER BY position',
  );

  function listGroups(runId: string, step: number): StoredGroup[] {
    return groups.all(runId, step).map((row) => ({ ...row, promptTokens: toInt32Array(row.promptTokens) }));
  }

  function listCompletions(groupId: number): StoredCompletion[] {
    return completions.all(groupId).map((row) => ({
      ...row,
      ...toTokenArrays(row),
      scores: scores.all(row.id).map(toRuleScore),
    }));
  }

  return {
    getMetricSeries: (runId, name) => series.all(runId, name),
    getStep: (runId, step) => {
      if (stepExists.get(runId, step) === undefined) return null;
      const groupRecords = listGroups(runId, step).map((group) => toGroupRecord(group, listCompletions(group.id)));
      return { step, metrics: Object.fromEntries(metrics.all(runId, step)), groups: groupRecords };
    },
    listGroups,
    listCompletions,
  };
}

function toGroupRecord({ row, prompt, promptTokens }: StoredGroup, completions: StoredCompletion[]): GroupRecord {
  const records = completions.map(({ id: _id, position: _position, ...completion }): CompletionRecord => completion);
  return { row, prompt, promptTokens, completions: records };
}
