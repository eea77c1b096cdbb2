/** Reads what befell a run: its numbered events and the checkpoints it made. */
import type { Database } from 'better-sqlite3';
import type { StoredCheckpoint, StoredRunEvent, StoreReader } from './interfaces.ts';

export function createHistoryReader(database: Database): Pick<StoreReader, 'listEvents' | 'listCheckpoints'> {
  const events = database.prepare<[string, number], StoredRunEvent>(`
    SELECT number, recorded_at AS recordedAt, step, type, message
    FROM events WHERE run_id = ? AND number > ? ORDER BY number`);
  const checkpoints = database.prepare<[string], StoredCheckpoint>(
    'SELECT step, path, recorded_at AS recordedAt FROM checkpoints WHERE run_id = ? ORDER BY step',
  );
  return {
    listEvents: (runId, afterNumber = 0) => events.all(runId, afterNumber),
    listCheckpoints: (runId) => checkpoints.all(runId),
  };
}
