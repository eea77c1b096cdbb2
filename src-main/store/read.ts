/** Everything that is read from the database; each reader prepares its statements once. */
import type { Database } from 'better-sqlite3';
import { createDatasetReader } from './datasets.ts';
import type { StoreReader } from './interfaces.ts';
import { createComparisonReader } from './read-comparisons.ts';
import { createEvaluationReader } from './read-evaluations.ts';
import { createHistoryReader } from './read-history.ts';
import { createRunReader } from './read-runs.ts';
import { createRewardSetReader } from './reward-sets.ts';
import { createSeriesReader } from './read-series.ts';
import { createStepReader } from './read-steps.ts';

export function createReader(database: Database): StoreReader {
  return {
    ...createRunReader(database),
    ...createStepReader(database),
    ...createSeriesReader(database),
    ...createEvaluationReader(database),
    ...createHistoryReader(database),
    ...createRewardSetReader(database),
    ...createDatasetReader(database),
    ...createComparisonReader(database),
  };
}
