/** Writes one evaluation with its metrics and samples; called inside a transaction. */
import type { Database } from 'better-sqlite3';
import type { EvaluationRecord } from '../contract/engine.ts';
import { toBlob } from './blobs.ts';
import { requireFinite } from './finite.ts';
import { toSpansColumn } from './spans.ts';

export function createEvaluationWriter(
  database: Database,
): (runId: string, record: EvaluationRecord, recordedAt: string) => void {
  const deleteEvaluation = database.prepare('DELETE FROM evaluations WHERE run_id = ? AND step = ?');
  const insertEvaluation = database.prepare('INSERT INTO evaluations (run_id, step, recorded_at) VALUES (?, ?, ?)');
  const insertMetric = database.prepare('INSERT INTO evaluation_metrics (evaluation_id, name, value) VALUES (?, ?, ?)');
  const insertSample = database.prepare(`
    INSERT INTO evaluation_samples (evaluation_id, position, dataset_row, prompt, text, finish_reason, reward, tokens)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertScore = database.prepare(
    'INSERT INTO evaluation_scores (sample_id, position, rule, score, why, spans) VALUES (?, ?, ?, ?, ?, ?)',
  );

  return (runId, { step, metrics, samples }, recordedAt) => {
    deleteEvaluation.run(runId, step); // and, by cascade, everything that hangs on it
    const { lastInsertRowid: evaluationId } = insertEvaluation.run(runId, step, recordedAt);
    for (const [name, value] of Object.entries(metrics)) {
      requireFinite(value, `Metric ${name} of the evaluation at step ${step}`);
      insertMetric.run(evaluationId, name, value);
    }
    samples.forEach(({ row, prompt, text, finishReason, reward, tokens, scores }, position) => {
      const place = `sample ${position} of the evaluation at step ${step}`;
      if (reward !== null) requireFinite(reward, `The reward of ${place}`);
      const { lastInsertRowid: sampleId } = insertSample.run(
        evaluationId,
        position,
        row,
        prompt,
        text,
        finishReason,
        reward,
        toBlob(tokens),
      );
      scores.forEach(({ rule, score, why, spans }, index) => {
        if (score !== null) requireFinite(score, `The score of rule ${rule} for ${place}`);
        insertScore.run(sampleId, index, rule, score, why, toSpansColumn(spans));
      });
    });
  };
}
