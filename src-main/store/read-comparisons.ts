/** Reads what a comparison of runs needs of many steps at once, without the token arrays. */
import type { Database } from 'better-sqlite3';
import type { FinishReason, RuleScore } from '../contract/engine.ts';
import { toRuleScore, type StoredScore } from './spans.ts';

/** How far a run had come with a step. */
interface StepProgress {
  step: number;
  recordedAt: string; // ISO 8601
  /** Sampled in this step. */
  completions: number;
}

interface SampledPrompt {
  row: number;
  step: number;
  prompt: string;
}

/** A completion without its token arrays. */
interface CompletionText {
  text: string;
  /** Tokens, the end token included. */
  length: number;
  finishReason: FinishReason;
  reward: number | null;
  advantage: number;
  scores: RuleScore[];
}

export interface ComparisonReader {
  listStepProgress(runId: string): StepProgress[];
  /** Every metric's mean over the newest `steps` steps of the run. */
  readFinalMetrics(runId: string, steps: number): Record<string, number>;
  /** Every prompt of every step, in order. */
  listSampledPrompts(runId: string): SampledPrompt[];
  /** What was sampled for a row in a step, the highest advantage first; empty when nothing was. */
  listCompletionTexts(runId: string, step: number, row: number): CompletionText[];
}

interface CompletionRow extends Omit<CompletionText, 'scores'> {
  id: number;
}

export function createComparisonReader(database: Database): ComparisonReader {
  const progress = database.prepare<[string], StepProgress>(`
    SELECT step, recorded_at AS recordedAt,
      (SELECT count(*) FROM groups JOIN completions ON group_id = groups.id
        WHERE groups.run_id = steps.run_id AND groups.step = steps.step) AS completions
    FROM steps WHERE run_id = ? ORDER BY step`);
  const finals = database
    .prepare<[string, string, number], [string, number]>(
      `SELECT name, avg(value) FROM metrics
       WHERE run_id = ? AND step > (SELECT max(step) FROM steps WHERE run_id = ?) - ? GROUP BY name`,
    )
    .raw();
  const prompts = database.prepare<[string], SampledPrompt>(
    'SELECT dataset_row AS row, step, prompt FROM groups WHERE run_id = ? ORDER BY step, position',
  );
  const completions = database.prepare<[string, number, number], CompletionRow>(`
    SELECT completions.id, text, length(tokens) / 4 AS length, finish_reason AS finishReason, reward, advantage
    FROM groups JOIN completions ON group_id = groups.id
    WHERE run_id = ? AND step = ? AND dataset_row = ? ORDER BY advantage DESC, completions.id`);
  const scores = database.prepare<[number], StoredScore>(
    'SELECT rule, score, why, spans FROM rule_scores WHERE completion_id = ? ORDER BY position',
  );
  return {
    listStepProgress: (runId) => progress.all(runId),
    readFinalMetrics: (runId, steps) => Object.fromEntries(finals.all(runId, runId, steps)),
    listSampledPrompts: (runId) => prompts.all(runId),
    listCompletionTexts: (runId, step, row) =>
      completions.all(runId, step, row).map(({ id, ...completion }) => ({
        ...completion,
        scores: scores.all(id).map(toRuleScore),
      })),
  };
}
