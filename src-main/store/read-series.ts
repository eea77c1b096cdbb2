/** Reads metrics as lines to draw: thinned by the database where they are long, so that 100,000 steps are drawn as fast as 1,000. */
import type { Database } from 'better-sqlite3';
import type { MetricPoint, StoreReader } from './interfaces.ts';

interface Range {
  points: number;
  first: number;
  last: number;
}

export function createSeriesReader(database: Database): Pick<StoreReader, 'listMetricNames' | 'getThinSeries'> {
  // From name to name through the index: DISTINCT would walk every value of every step.
  const names = database
    .prepare<[string, string], string>(
      `WITH RECURSIVE found (name) AS (
        SELECT min(name) FROM metrics WHERE run_id = ?
        UNION ALL SELECT (SELECT min(name) FROM metrics WHERE run_id = ? AND name > found.name) FROM found WHERE found.name IS NOT NULL)
      SELECT name FROM found WHERE name IS NOT NULL`,
    )
    .pluck();
  const range = database.prepare<[string, string, number], Range>(
    'SELECT count(*) AS points, min(step) AS first, max(step) AS last FROM metrics WHERE run_id = ? AND name = ? AND step > ?',
  );
  const whole = database.prepare<[string, string, number], MetricPoint>(
    'SELECT step, value FROM metrics WHERE run_id = ? AND name = ? AND step > ? ORDER BY step',
  );
  // Beside one min or max, SQLite gives a bare column the value of the row that the extreme is from.
  const extremes = ['min', 'max'].map(
    (extreme) => `
      SELECT step, ${extreme}(value) AS value FROM metrics
      WHERE run_id = @runId AND name = @name AND step > @after GROUP BY CAST((step - @first) * @buckets / (@last + 1 - @first) AS INTEGER)`,
  );
  const thin = database.prepare<[Record<string, string | number>], MetricPoint>(`
    ${extremes.join(' UNION ')}
    UNION SELECT step, value FROM metrics WHERE run_id = @runId AND name = @name AND step IN (@first, @last)
    ORDER BY step`);

  return {
    listMetricNames: (runId) => names.all(runId, runId),
    getThinSeries: (runId, name, { after, maxPoints }) => {
      const { points, first, last } = range.get(runId, name, after) as Range;
      if (points <= maxPoints) return whole.all(runId, name, after);
      return thin.all({ runId, name, after, first, last, buckets: Math.floor(maxPoints / 2) });
    },
  };
}
