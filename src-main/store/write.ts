/** The one writer of the database. Each method is one transaction, so a process that dies leaves whole steps behind, or none. */
import type { Database } from 'better-sqlite3';
import { rewardRulesOf } from '../contract/config.ts';
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import type { EvaluationRecord, StepRecord } from '../contract/engine.ts';
import { isLive } from '../contract/run.ts';
import type { NewRun, RunEvent, StatusChange, StoreReader, StoreWriter } from './interfaces.ts';
import { createDatasetWriter } from './datasets.ts';
import { createEvaluationWriter } from './write-evaluation.ts';
import { createRewardSetWriter } from './reward-sets.ts';
import { createStepWriter } from './write-step.ts';

/** @param reader of the same database; names the status that a refused change met */
export function createWriter(database: Database, reader: Pick<StoreReader, 'getRun'>): StoreWriter {
  const insertRun = database.prepare(`
    INSERT INTO runs (id, name, type, status, config, max_steps, dataset_hash, eval_dataset_hash, reward_hash, directory, created_at)
    VALUES (@id, @name, @type, 'created', @config, @maxSteps, @datasetHash, @evalDatasetHash, @rewardHash, @directory, @now)`);
  const updateStatus = database.prepare(`
    UPDATE runs SET
      status = @to, error = @error, host_pid = iif(@active, @hostPid, NULL),
      started_at = iif(@active, coalesce(started_at, @now), started_at),
      ended_at = CASE
        WHEN @active THEN NULL
        WHEN @to = 'interrupted' THEN coalesce((SELECT max(recorded_at) FROM steps WHERE run_id = @runId), started_at)
        ELSE @now END
    WHERE id = @runId AND status = @from`);
  const updateEngine = database.prepare('UPDATE runs SET engine = ? WHERE id = ?');
  const updateName = database.prepare('UPDATE runs SET name = ? WHERE id = ?');
  const deleteRun = database.prepare('DELETE FROM runs WHERE id = ?');
  const insertEvent = database.prepare(`
    INSERT INTO events (run_id, number, recorded_at, step, type, message)
    VALUES (@runId, (SELECT coalesce(max(number), 0) + 1 FROM events WHERE run_id = @runId), @now, @step, @type, @message)`);
  const insertCheckpoint = database.prepare(
    'INSERT OR REPLACE INTO checkpoints (run_id, step, recorded_at, path) VALUES (?, ?, ?, ?)',
  );
  const deferMerging = database.prepare(
    `INSERT INTO completion_words (completion_words, rank) VALUES ('automerge', 0)`,
  );
  const allowMerging = database.prepare(
    `INSERT INTO completion_words (completion_words, rank) VALUES ('automerge', 4)`,
  );
  const deleteAfter = ['steps', 'evaluations', 'checkpoints'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE run_id = ? AND step > ?`),
  );
  const recordStep = createStepWriter(database);
  const recordEvaluation = createEvaluationWriter(database);
  const rewardSets = createRewardSetWriter(database);

  function addEvent(runId: string, event: RunEvent): void {
    insertEvent.run({ runId, now: now(), ...event });
  }

  /** Takes the write lock at its beginning: a transaction that read first could find, when it writes, that another process has written. */
  function transaction<Parameters extends unknown[], Result>(
    body: (...parameters: Parameters) => Result,
  ): (...parameters: Parameters) => Result {
    const inTransaction = database.transaction(body);
    return (...parameters) => inTransaction.immediate(...parameters);
  }

  /** The index of words merges its parts in proportion to what is written; after the deletion of a large run that could be all of them at once. */
  function withoutMerging<Result>(work: () => Result): Result {
    deferMerging.run();
    const result = work();
    allowMerging.run();
    return result;
  }

  return {
    ...createDatasetWriter(database),
    createRun: transaction((run: NewRun) => {
      const { type, config } = run.run;
      const rewardHash = rewardSets.keepRules(rewardRulesOf(run.run), now());
      insertRun.run({
        ...run,
        type,
        config: JSON.stringify(config),
        maxSteps: config.max_steps,
        rewardHash,
        now: now(),
      });
      addEvent(run.id, { type: 'created', step: 0, message: `Created as ${run.name}.` });
    }),
    changeStatus: transaction((runId: string, { from, to, error, event }: StatusChange) => {
      const active = Number(isLive(to));
      const errorJson = error && JSON.stringify(error);
      const { changes } = updateStatus.run({
        runId,
        from,
        to,
        error: errorJson,
        active,
        hostPid: process.pid,
        now: now(),
      });
      if (changes === 0) {
        const { status } = reader.getRun(runId);
        const sentence = `Run ${runId} cannot become ${to}: it was ${from}, but another process has made it ${status}.`;
        throw new StudioError('run_state', sentence);
      }
      addEvent(runId, event);
    }),
    renameRun: transaction((runId: string, name: string) => void updateName.run(name, runId)),
    // And, by cascade, everything that hangs on it.
    deleteRun: transaction((runId: string) => withoutMerging(() => void deleteRun.run(runId))),
    setEngineInfo: transaction((runId, info) => void updateEngine.run(JSON.stringify(info), runId)),
    recordStep: transaction((runId: string, record: StepRecord) => recordStep(runId, record, now())),
    recordEvaluation: transaction((runId: string, record: EvaluationRecord) => recordEvaluation(runId, record, now())),
    recordCheckpoint: transaction((runId: string, step: number, path: string) => {
      insertCheckpoint.run(runId, step, now(), path);
      addEvent(runId, { type: 'checkpoint', step, message: `Saved ${path}.` });
    }),
    addEvent: transaction(addEvent),
    saveRewardSet: transaction((name: string, rules: readonly RewardRule[]) =>
      rewardSets.saveVersion(name, rules, now()),
    ),
    rewindTo: transaction((runId: string, step: number) => {
      const removed = withoutMerging(() => deleteAfter.map((statement) => statement.run(runId, step).changes));
      if (removed.every((count) => count === 0)) return;
      addEvent(runId, {
        type: 'rewound',
        step,
        message: `Went back to step ${step}; the ${removed[0]} steps after it are run again.`,
      });
    }),
  };
}

function now(): string {
  return new Date().toISOString();
}
