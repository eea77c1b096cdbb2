/** What the store offers, split in reading and writing, so that a caller who only shows runs cannot change one. */
import type { ImportReport } from '../contract/api/datasets.ts';
import type { RunConfig } from '../contract/config.ts';
import type { CompletionRecord, EngineInfo, EvaluationRecord, GroupRecord, StepRecord } from '../contract/engine.ts';
import type { DatasetMapping, ImportOptions } from '../contract/dataset-mapping.ts';
import type { ErrorRecord } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import type { RunDetail, RunStatus, RunSummary } from '../contract/run.ts';
import type { ComparisonReader } from './read-comparisons.ts';
import type { SampleStore } from './sample-interfaces.ts';

/** SHA-256 (hex) of the rows a run learned from; a resumed run must find the same. */
export interface RunHashes {
  datasetHash: string;
  /** null: the run has no evaluation dataset. */
  evalDatasetHash: string | null;
}

export interface NewRun extends RunHashes {
  id: string;
  name: string;
  run: RunConfig;
  /** Folder of the run; its checkpoints lie in `checkpoints/` below it. */
  directory: string;
}

export interface StoredRun extends RunDetail, RunHashes {
  /** The exact rules it was created with, see `StoreReader.readRewardSet`. */
  rewardHash: string;
  /** Process id of the host that drives the run; null when none does. */
  hostPid: number | null;
}

export interface MetricPoint {
  step: number;
  value: number;
}

/** A set of reward rules, saved under a name. */
export interface RewardSetVersion {
  name: string;
  /** 1-based within the name. */
  version: number;
  /** SHA-256 (hex) of the rules; equal rules have the same, whatever they are called. */
  hash: string;
  savedAt: string; // ISO 8601
}

/** A group without its completions. */
export interface StoredGroup extends Omit<GroupRecord, 'completions'> {
  id: number;
  /** 0-based place within its step. */
  position: number;
}

export interface StoredCompletion extends CompletionRecord {
  id: number;
  /** 0-based place within its group. */
  position: number;
}

/** An evaluation without its samples. */
export interface EvaluationSummary {
  step: number;
  recordedAt: string; // ISO 8601
  metrics: Record<string, number>;
}

export type RunEventType =
  | 'created'
  | 'started'
  | 'paused'
  | 'resumed'
  | 'rewound'
  | 'checkpoint'
  | 'warning'
  | 'completed'
  | 'stopped'
  | 'failed'
  | 'interrupted';

export interface RunEvent {
  type: RunEventType;
  /** Steps taken when it happened. */
  step: number;
  message: string;
}

export interface StoredRunEvent extends RunEvent {
  /** 1-based within its run. */
  number: number;
  recordedAt: string; // ISO 8601
}

export interface StoredCheckpoint {
  step: number;
  path: string;
  recordedAt: string; // ISO 8601
}

/** An imported dataset. */
export interface StoredDataset {
  id: string;
  name: string;
  /** Name of the file it was made of. */
  source: string;
  /** Folder with its files. */
  directory: string;
  contentHash: string;
  rows: number;
  evalRows: number;
  bytes: number;
  columns: string[];
  mapping: DatasetMapping;
  options: ImportOptions;
  report: ImportReport;
  createdAt: string; // ISO 8601
}

/** Reads. Every method throws `StudioError('store_failed')` when the database cannot be read. */
export interface StoreReader extends ComparisonReader {
  /** All runs, newest first. */
  listRuns(): RunSummary[];
  /** @throws StudioError run_not_found when no run has exactly this id; suggests close ids and names */
  getRun(id: string): StoredRun;
  /**
   * Finds a run by its id, its name, or the beginning of its id.
   * @throws StudioError run_not_found when none or several fit, naming the candidates
   */
  resolveRun(idOrName: string): StoredRun;
  /** Ids of all runs that stand as running or paused. */
  listActiveRuns(): string[];

  listMetricNames(runId: string): string[];
  /** One metric over the steps that have it, in order. */
  getMetricSeries(runId: string, name: string): MetricPoint[];
  /** The same after a step, thinned to about `maxPoints` when it is longer: the extremes and both ends stay. */
  getThinSeries(runId: string, name: string, part: { after: number; maxPoints: number }): MetricPoint[];
  /** Everything recorded of a step, or null when it is not there. */
  getStep(runId: string, step: number): StepRecord | null;
  listGroups(runId: string, step: number): StoredGroup[];
  /** Completions of a group with the verdict of each rule. */
  listCompletions(groupId: number): StoredCompletion[];

  listEvaluations(runId: string): EvaluationSummary[];
  getEvaluation(runId: string, step: number): EvaluationRecord | null;
  /** Events in order, from the one after `afterNumber` (default 0: all). */
  listEvents(runId: string, afterNumber?: number): StoredRunEvent[];
  listCheckpoints(runId: string): StoredCheckpoint[];

  /** Newest first. */
  listDatasets(): StoredDataset[];
  findDataset(id: string): StoredDataset | null;
  /** Runs that train or evaluate on one of these files, newest first. */
  listRunsOfFiles(paths: readonly string[]): { id: string; name: string }[];

  /** The newest version of every saved set, by name. */
  listRewardSets(): RewardSetVersion[];
  /** The versions saved under a name, newest first; empty when there is none. */
  rewardSetHistory(name: string): RewardSetVersion[];
  /** The rules of a saved set, or of a run by its `rewardHash`; null when no such rules are kept. */
  readRewardSet(hash: string): RewardRule[] | null;
}

export interface StatusChange {
  /** The status the run must still have; another process may have been faster. */
  from: RunStatus;
  to: RunStatus;
  /** Why the run failed; null for every other change. */
  error: ErrorRecord | null;
  event: RunEvent;
}

/** Writes; each method is one transaction. Every method throws `StudioError('store_failed')` when the database cannot be written. */
export interface StoreWriter {
  createRun(run: NewRun): void;
  /**
   * Changes a run's status and records the event that goes with it; running and paused runs are marked as driven by this process.
   * @throws StudioError run_state when the run no longer has the status `from`
   */
  changeStatus(runId: string, change: StatusChange): void;
  renameRun(runId: string, name: string): void;
  /** Deletes the run and everything it recorded. */
  deleteRun(runId: string): void;
  setEngineInfo(runId: string, info: EngineInfo): void;
  /** Records a whole step, in place of an earlier recording of it. */
  recordStep(runId: string, record: StepRecord): void;
  /** Records an evaluation, in place of an earlier one at the same step. */
  recordEvaluation(runId: string, record: EvaluationRecord): void;
  /** Records that a checkpoint was made, and the event of it. */
  recordCheckpoint(runId: string, step: number, path: string): void;
  addEvent(runId: string, event: RunEvent): void;
  addDataset(dataset: StoredDataset): void;
  removeDataset(id: string): void;
  /** Saves rules as the next version of the name. Rules equal to its newest version make no new one. Returns the newest. */
  saveRewardSet(name: string, rules: readonly RewardRule[]): RewardSetVersion;
  /**
   * Deletes the steps, evaluations and checkpoints after `step`, so that a run resumed from there writes them anew. Events stay:
   * they tell what happened to the run, and a crash that was recovered from did happen.
   */
  rewindTo(runId: string, step: number): void;
}

export interface Store {
  /** The database file. */
  readonly path: string;
  readonly reader: StoreReader;
  readonly writer: StoreWriter;
  readonly samples: SampleStore;
  /**
   * Reads the whole database and checks its structure; takes seconds on a large one.
   * @throws StudioError store_failed naming the first fault
   */
  check(): void;
  close(): void;
}
