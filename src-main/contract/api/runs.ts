/** Runs: listing, reading, checking, beginning and steering them. */
import { z } from 'zod';
import type { RunConfig } from '../config.ts';
import type { EngineEvent, RuleScore } from '../engine.ts';
import type { RunDetail, RunSummary } from '../run.ts';

const run = z.string().min(1).describe('id of a run');
const step = z.int().nonnegative();
const type = z.enum(['grpo', 'sft', 'reward_model']);
/** Settings as a person gave them: any may be missing or wrong. */
const values = z.record(z.string(), z.unknown());

const ignoreMemory = z.boolean().default(false).describe('begins even what does not fit into the memory that is free');

export const runInputs = {
  'list-runs': z.null(),
  'read-run': z.strictObject({ run }),
  'list-metric-names': z.strictObject({ run }),
  'read-metrics': z.strictObject({
    run,
    names: z.array(z.string()).min(1),
    /** Only the steps after this one. */
    after: step.default(0),
    /** Longer series are thinned to about so many points; extremes and both ends stay. */
    maxPoints: z.int().min(4).default(2000),
  }),
  'list-run-events': z.strictObject({ run, after: z.int().nonnegative().default(0) }),
  'list-evaluations': z.strictObject({ run }),
  'read-evaluation': z.strictObject({ run, step }),
  'list-checkpoints': z.strictObject({ run }),
  'read-latest-groups': z.strictObject({ run, limit: z.int().positive().max(64).default(4) }),
  'explain-run': z.strictObject({ run, step: z.int().positive().optional() }),
  'new-run-choices': z.null(),
  'check-run': z.strictObject({ type, values }),
  'begin-run': z.strictObject({ type, values, ignoreMemory }),
  'begin-demo': z.strictObject({ max_steps: z.int().positive().optional() }),
  'resume-run': z.strictObject({ run, ignoreMemory }),
  'steer-run': z.strictObject({ run, action: z.enum(['pause', 'unpause', 'stop', 'checkpoint']) }),
  'rename-run': z.strictObject({ run, name: z.string().trim().min(1).max(200) }),
  'delete-run': z.strictObject({ run }),
  'run-to-yaml': z.strictObject({ type, values }),
  'yaml-to-run': z.strictObject({ type, text: z.string().max(1_000_000) }),
} as const;

export interface RunOutputs {
  /** Every run of the database, the newest first. */
  'list-runs': RunSummary[];
  /** @throws run_not_found, as all that take a run */
  'read-run': RunPage;
  'list-metric-names': string[];
  /** By name; a name the run does not have is left out. */
  'read-metrics': Record<string, MetricSeries>;
  'list-run-events': RunEventRecord[];
  'list-evaluations': EvaluationPoint[];
  /** null: the run made none at this step */
  'read-evaluation': EvaluationPage | null;
  'list-checkpoints': RunCheckpoint[];
  /** Of the newest step; null before the first, and for runs that sample nothing. */
  'read-latest-groups': LatestGroups | null;
  /** @throws run_state while the run has no step */
  'explain-run': StepInWords;
  'new-run-choices': NewRunChoices;
  'check-run': RunCheck;
  /** The new run's id. @throws config_invalid, and what is found when its files are read */
  'begin-run': string;
  'begin-demo': string;
  /** The step it goes on from. @throws run_state, dataset_invalid */
  'resume-run': number;
  'steer-run': null;
  'rename-run': null;
  /** With its checkpoints. @throws run_state while it goes on */
  'delete-run': null;
  'run-to-yaml': string;
  'yaml-to-run': YamlReading;
}

export interface RunPage extends RunDetail {
  /** Whether this studio drives it, so that its events come through the channel. */
  drivenHere: boolean;
}

/** Points in order of their steps. */
export interface MetricSeries {
  steps: number[];
  values: number[];
}

export interface RunEventRecord {
  /** 1-based within its run. */
  number: number;
  recordedAt: string; // ISO 8601
  /** created, started, paused, resumed, rewound, checkpoint, warning, or how the run ended */
  type: string;
  /** Steps taken when it happened. */
  step: number;
  message: string;
}

export interface EvaluationPoint {
  step: number;
  recordedAt: string; // ISO 8601
  metrics: Record<string, number>;
}

export interface EvaluationPage {
  step: number;
  metrics: Record<string, number>;
  samples: Sample[];
}

/** A completion as it is shown, without its token arrays. */
interface Sample {
  /** 0-based row of the dataset. */
  row: number;
  prompt: string;
  text: string;
  /** Tokens of the text, the end token included. */
  length: number;
  finishReason: string;
  reward: number | null;
  scores: RuleScore[];
}

export interface RunCheckpoint {
  step: number;
  path: string;
  recordedAt: string; // ISO 8601
  /** Only the newest `save_total_limit` of a run are kept. */
  kept: boolean;
}

export interface LatestGroups {
  step: number;
  /** Groups of the step; `groups` holds the first of them. */
  total: number;
  groups: {
    row: number;
    prompt: string;
    /** In the order of their advantages, the best first. */
    completions: (Omit<Sample, 'row' | 'prompt'> & { advantage: number })[];
  }[];
}

/** A step explained; what the numbers mean is in the sentences. */
export interface StepInWords {
  step: number;
  /** Summands of the loss, and the loss: empty where the run did not record them. */
  terms: { name: string; value: number; note: string }[];
  sections: { title: string; sentences: string[] }[];
  /** Ways in which the run goes wrong, the likeliest cause first. */
  warnings: { title: string; evidence: string; advice: string; steps: { first: number; last: number } }[];
  warningsNote: string;
}

/** What comes with the studio, to begin a run with. */
export interface NewRunChoices {
  models: { name: string; path: string }[];
  datasets: { name: string; path: string; evalPath: string | null }[];
  rewardPresets: { name: string; description: string; rules: unknown[] }[];
  /** Those that were saved, the newest version of each. */
  rewardSets: { name: string; version: number; rules: unknown[] }[];
  /** Names of runs that go on now: another would share the processor with them. */
  liveRuns: string[];
}

export interface ConfigProblem {
  /** Dotted: `rewards.0.weight`; empty for the whole. */
  field: string;
  message: string;
  /** 1-based, of the text that was read. */
  line?: number;
}

export interface RunCheck {
  /** Empty: the run can begin, as far as can be seen without reading its rows. */
  problems: ConfigProblem[];
  /** Defaults and preset filled in; null while there are problems. */
  config: RunConfig['config'] | null;
  /** What the preset sets, where the values say nothing themselves. */
  fromPreset: Record<string, unknown>;
}

export interface YamlReading {
  /** What the text says; null when it is no YAML mapping. */
  values: Record<string, unknown> | null;
  problems: ConfigProblem[];
}

/** An event of a run's engine, without the groups of a step: those are read from the database by whoever shows them. */
export interface RunActivity {
  run: string;
  event: Exclude<EngineEvent, { type: 'step' } | { type: 'evaluation' }> | MetricsEvent;
}

/** The metrics of a finished step or of an evaluation. */
interface MetricsEvent {
  type: 'step' | 'evaluation';
  step: number;
  metrics: Record<string, number>;
}
