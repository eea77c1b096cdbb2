/** Reads runs, and finds the one that a person means. */
import type { Database } from 'better-sqlite3';
import type { RunConfig, RunType } from '../contract/config.ts';
import type { EngineInfo } from '../contract/engine.ts';
import { StudioError, type ErrorRecord } from '../contract/errors.ts';
import type { RunStatus, RunSummary } from '../contract/run.ts';
import type { RunHashes, StoredRun, StoreReader } from './interfaces.ts';
import { closest } from './closest.ts';

interface RunRow extends RunHashes {
  rewardHash: string;
  id: string;
  name: string;
  type: RunType;
  status: RunStatus;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  step: number;
  maxSteps: number;
  error: string | null;
  reward: number | null;
  evalBefore: number | null;
  evalAfter: number | null;
  config: string;
  directory: string;
  engine: string | null;
  hostPid: number | null;
}

/** `evalAfter` needs an evaluation later than the first: one alone has nothing to be compared with. */
const selectRun = `
  SELECT id, name, type, status, created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt, max_steps AS maxSteps, error,
    coalesce((SELECT max(step) FROM steps WHERE run_id = runs.id), 0) AS step,
    (SELECT value FROM metrics WHERE run_id = runs.id AND name = 'reward' ORDER BY step DESC LIMIT 1) AS reward,
    (SELECT value FROM evaluations JOIN evaluation_metrics ON evaluation_id = evaluations.id AND name = 'accuracy'
      WHERE run_id = runs.id ORDER BY step LIMIT 1) AS evalBefore,
    (SELECT value FROM evaluations JOIN evaluation_metrics ON evaluation_id = evaluations.id AND name = 'accuracy'
      WHERE run_id = runs.id AND step > (SELECT min(step) FROM evaluations WHERE run_id = runs.id)
      ORDER BY step DESC LIMIT 1) AS evalAfter,
    config, directory, engine, dataset_hash AS datasetHash, eval_dataset_hash AS evalDatasetHash, reward_hash AS rewardHash,
    host_pid AS hostPid
  FROM runs`;

export function createRunReader(
  database: Database,
): Pick<StoreReader, 'listRuns' | 'getRun' | 'resolveRun' | 'listActiveRuns'> {
  const all = database.prepare<[], RunRow>(`${selectRun} ORDER BY created_at DESC, id DESC`);
  const byId = database.prepare<[string], RunRow>(`${selectRun} WHERE id = ?`);
  const byName = database.prepare<[string], RunRow>(`${selectRun} WHERE name = ? ORDER BY created_at DESC`);
  const byPrefix = database.prepare<[string, string], RunRow>(
    `${selectRun} WHERE substr(id, 1, length(?)) = ? ORDER BY created_at DESC`,
  );
  const active = database
    .prepare<[], string>(`SELECT id FROM runs WHERE status IN ('running', 'paused') ORDER BY id`)
    .pluck();
  const idsAndNames = database.prepare<[], { id: string; name: string }>(
    'SELECT id, name FROM runs ORDER BY created_at DESC',
  );

  function notFound(wanted: string): StudioError {
    const runs = idsAndNames.all();
    if (runs.length === 0)
      return new StudioError('run_not_found', `There is no run ${wanted}: this database has no runs yet.`);
    const similar = closest(
      wanted,
      runs.flatMap(({ id, name }) => [id, name]),
    );
    const hint =
      similar.length > 0
        ? `Did you mean ${similar.join(' or ')}?`
        : `The newest run is ${runs[0]?.id} (${runs[0]?.name}).`;
    return new StudioError('run_not_found', `There is no run ${wanted}. ${hint}`);
  }

  return {
    listRuns: () => all.all().map(toSummary),
    getRun: (id) => {
      const row = byId.get(id);
      if (row === undefined) throw notFound(id);
      return toStoredRun(row);
    },
    resolveRun: (idOrName) => {
      const candidates = [
        byId.all(idOrName),
        byName.all(idOrName),
        idOrName === '' ? [] : byPrefix.all(idOrName, idOrName),
      ];
      const fitting = candidates.find((rows) => rows.length > 0);
      if (fitting?.[0] === undefined) throw notFound(idOrName);
      if (fitting.length === 1) return toStoredRun(fitting[0]);
      const shown = fitting.slice(0, 5).map(({ id, name }) => `${id} (${name})`);
      const rest = fitting.length > shown.length ? ` and ${fitting.length - shown.length} more` : '';
      const sentence = `${fitting.length} runs fit ${idOrName}: ${shown.join(', ')}${rest}. Give more of the id.`;
      throw new StudioError('run_not_found', sentence);
    },
    listActiveRuns: () => active.all(),
  };
}

function toSummary(row: RunRow): RunSummary {
  const { id, name, type, status, createdAt, startedAt, endedAt, step, maxSteps, reward, evalBefore, evalAfter } = row;
  const error = row.error === null ? null : (JSON.parse(row.error) as ErrorRecord);
  return {
    id,
    name,
    type,
    status,
    createdAt,
    startedAt,
    endedAt,
    step,
    maxSteps,
    error,
    reward,
    evalBefore,
    evalAfter,
  };
}

function toStoredRun(row: RunRow): StoredRun {
  const { directory, datasetHash, evalDatasetHash, rewardHash, hostPid } = row;
  const run = { type: row.type, config: JSON.parse(row.config) as unknown } as RunConfig;
  const info = row.engine === null ? null : (JSON.parse(row.engine) as EngineInfo);
  return { ...toSummary(row), run, directory, info, datasetHash, evalDatasetHash, rewardHash, hostPid };
}
