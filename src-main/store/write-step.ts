/** Writes one step with its metrics, groups, completions and rule scores; called inside a transaction. */
import type { Database } from 'better-sqlite3';
import type { CompletionRecord, StepRecord } from '../contract/engine.ts';
import { toBlob } from './blobs.ts';
import { requireFinite } from './finite.ts';
import { toSpansColumn } from './spans.ts';

export function createStepWriter(database: Database): (runId: string, record: StepRecord, recordedAt: string) => void {
  const deleteStep = database.prepare('DELETE FROM steps WHERE run_id = ? AND step = ?');
  const insertStep = database.prepare('INSERT INTO steps (run_id, step, recorded_at) VALUES (?, ?, ?)');
  const insertMetric = database.prepare('INSERT INTO metrics (run_id, step, name, value) VALUES (?, ?, ?, ?)');
  const insertGroup = database.prepare(
    'INSERT INTO groups (run_id, step, position, dataset_row, prompt, prompt_tokens) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertCompletion = database.prepare(`
    INSERT INTO completions (group_id, position, text, finish_reason, reward, advantage, tokens, sampling_logps, old_logps,
      reference_logps, policy_logps, entropies, coefficients)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertScore = database.prepare(
    'INSERT INTO rule_scores (completion_id, position, rule, score, why, spans) VALUES (?, ?, ?, ?, ?, ?)',
  );

  // All in one statement: the index begins a new segment with each.
  const insertWords = database.prepare(`
    INSERT INTO completion_words (rowid, text)
    SELECT completions.id, words_of_run(run_id, text) FROM groups CROSS JOIN completions ON group_id = groups.id
    WHERE run_id = ? AND step = ?`);

  function writeCompletion(
    groupId: number | bigint,
    position: number,
    completion: CompletionRecord,
    place: string,
  ): void {
    const { text, finishReason, reward, advantage, tokens, referenceLogps } = completion;
    requireFinite(advantage, `The advantage of ${place}`);
    if (reward !== null) requireFinite(reward, `The reward of ${place}`);
    const { lastInsertRowid: completionId } = insertCompletion.run(
      groupId,
      position,
      text,
      finishReason,
      reward,
      advantage,
      toBlob(tokens),
      toBlob(completion.samplingLogps),
      toBlob(completion.oldLogps),
      referenceLogps && toBlob(referenceLogps),
      toBlob(completion.policyLogps),
      toBlob(completion.entropies),
      toBlob(completion.coefficients),
    );
    completion.scores.forEach(({ rule, score, why, spans }, index) => {
      if (score !== null) requireFinite(score, `The score of rule ${rule} for ${place}`);
      insertScore.run(completionId, index, rule, score, why, toSpansColumn(spans));
    });
  }

  return (runId, record, recordedAt) => {
    const { step } = record;
    deleteStep.run(runId, step); // and, by cascade, everything that hangs on it
    insertStep.run(runId, step, recordedAt);
    for (const [name, value] of Object.entries(record.metrics)) {
      requireFinite(value, `Metric ${name} of step ${step}`);
      insertMetric.run(runId, step, name, value);
    }
    record.groups.forEach((group, position) => {
      const { row, prompt, promptTokens } = group;
      const { lastInsertRowid: groupId } = insertGroup.run(runId, step, position, row, prompt, toBlob(promptTokens));
      group.completions.forEach((completion, index) =>
        writeCompletion(groupId, index, completion, `completion ${index} of group ${position} in step ${step}`),
      );
    });
    insertWords.run(runId, step);
  };
}
