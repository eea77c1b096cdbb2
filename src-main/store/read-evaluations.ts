/** Reads evaluations: how the policy did on held-out rows. */
import type { Database } from 'better-sqlite3';
import type { FinishReason } from '../contract/engine.ts';
import { toInt32Array } from './blobs.ts';
import type { StoreReader } from './interfaces.ts';
import { toRuleScore, type StoredScore } from './spans.ts';

interface SampleRow {
  id: number;
  row: number;
  prompt: string;
  text: string;
  finishReason: FinishReason;
  reward: number | null;
  tokens: Buffer;
}

export function createEvaluationReader(database: Database): Pick<StoreReader, 'listEvaluations' | 'getEvaluation'> {
  const evaluations = database.prepare<[string], { id: number; step: number; recordedAt: string }>(
    'SELECT id, step, recorded_at AS recordedAt FROM evaluations WHERE run_id = ? ORDER BY step',
  );
  const idOf = database
    .prepare<[string, number], number>('SELECT id FROM evaluations WHERE run_id = ? AND step = ?')
    .pluck();
  const metrics = database
    .prepare<[number], [string, number]>('SELECT name, value FROM evaluation_metrics WHERE evaluation_id = ?')
    .raw();
  const samples = database.prepare<[number], SampleRow>(`
    SELECT id, dataset_row AS row, prompt, text, finish_reason AS finishReason, reward, tokens
    FROM evaluation_samples WHERE evaluation_id = ? ORDER BY position`);
  const scores = database.prepare<[number], StoredScore>(
    'SELECT rule, score, why, spans FROM evaluation_scores WHERE sample_id = ? ORDER BY position',
  );

  function metricsOf(id: number): Record<string, number> {
    return Object.fromEntries(metrics.all(id));
  }

  return {
    listEvaluations: (runId) =>
      evaluations.all(runId).map(({ id, step, recordedAt }) => ({ step, recordedAt, metrics: metricsOf(id) })),
    getEvaluation: (runId, step) => {
      const evaluationId = idOf.get(runId, step);
      if (evaluationId === undefined) return null;
      const records = samples.all(evaluationId).map(({ id, ...sample }) => ({
        ...sample,
        tokens: toInt32Array(sample.tokens),
        scores: scores.all(id).map(toRuleScore),
      }));
      return { step, metrics: metricsOf(evaluationId), samples: records };
    },
  };
}
