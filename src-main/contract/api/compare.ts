/** Comparing runs: their metrics over one axis, their settings, what they answered to the same prompts, and who is better. */
import { z } from 'zod';
import type { FinishReason, RuleScore } from '../engine.ts';
import type { RunSummary } from '../run.ts';

const run = z.string().min(1).describe('id of a run');
const runs = z.array(run).min(1).max(100);
const step = z.int().nonnegative();

/** What the points of a metric stand over. */
export const compareAxes = ['step', 'tokens', 'samples', 'time'] as const;

export type CompareAxis = (typeof compareAxes)[number];

const measure = z.string().min(1).describe('`reward`, or the name of a rule');

export const compareInputs = {
  'compare-runs': z.strictObject({ runs }),
  'compare-metrics': z.strictObject({
    runs,
    names: z.array(z.string().min(1)).min(1).max(50),
    axis: z.enum(compareAxes).default('step'),
    /** Longer series are thinned to about so many points; extremes and both ends stay. */
    maxPoints: z.int().min(4).default(4000),
  }),
  'list-shared-prompts': z.strictObject({ runs, search: z.string().default('') }),
  'read-prompt-completions': z.strictObject({ runs, row: step, step }),
  'compare-evaluations': z.strictObject({
    runs,
    baseline: run,
    /** The evaluation of a run, by its step; the last one of those that are left out. */
    steps: z.record(run, step).default({}),
    measure: measure.optional(),
  }),
  'list-evaluation-differences': z.strictObject({
    first: z.strictObject({ run, step }),
    second: z.strictObject({ run, step }),
    measure,
    limit: z.int().positive().max(500).default(50),
  }),
} as const;

export interface CompareOutputs {
  /** Runs that are gone are said, not thrown. */
  'compare-runs': RunComparison;
  /** By run and name; what a run did not record is left out. @throws run_not_found */
  'compare-metrics': Record<string, Record<string, MetricCurve>>;
  /** Of the runs that learned from the same rows as the first. @throws run_not_found */
  'list-shared-prompts': SharedPrompts;
  /** A column for each run, at the step nearest to the one asked for. @throws run_not_found */
  'read-prompt-completions': PromptCompletions;
  /** Each run against the baseline. @throws run_not_found */
  'compare-evaluations': EvaluationComparison;
  /** The prompts on which two evaluations differ most come first. @throws run_not_found */
  'list-evaluation-differences': EvaluationDifference[];
}

export interface ComparedRun extends RunSummary {
  /** Its name; with its seed or its id where others of these runs have the same. */
  label: string;
  /** 0-based; runs whose settings differ in nothing but seed and name have the same. */
  seedGroup: number;
  /** Those of evaluations begin with `eval/`. */
  metricNames: string[];
  /** Mean over the last 10 steps; of evaluations the last one. */
  finals: Record<string, number>;
  /** Steps of its evaluations, in order. */
  evaluationSteps: number[];
}

export interface RunComparison {
  /** In the order asked for. */
  runs: ComparedRun[];
  /** Ids of those that are not in the database. */
  missing: string[];
  settings: SettingComparison[];
}

/** One setting over all runs. */
export interface SettingComparison {
  section: 'data' | 'settings' | 'rewards' | 'machine';
  /** Dotted; a reward rule goes by its name: `accuracy.weight`. */
  field: string;
  /** As text, one for each run; null where a run has no such setting. */
  values: (string | null)[];
  differs: boolean;
}

/** A metric in the order of its steps. */
export interface MetricCurve {
  /** On the axis asked for; seconds on the axis `time`. */
  x: number[];
  steps: number[];
  y: number[];
}

export interface SharedPrompts {
  /** Those of most runs first; at most 200. */
  prompts: SharedPrompt[];
  /** How many there are. */
  total: number;
  /** Runs that cannot be matched with the first one, and why. */
  leftOut: { run: string; why: string }[];
}

export interface SharedPrompt {
  /** 0-based row of the dataset. */
  row: number;
  prompt: string;
  /** How many of the runs sampled completions of it. */
  runs: number;
  /** The first step at which most of them did. */
  step: number;
  /** How many of the runs did at that step. */
  atStep: number;
}

export interface PromptCompletions {
  /** Every step at which one of the runs sampled this prompt, in order. */
  steps: number[];
  columns: {
    run: string;
    /** null: this run never sampled the prompt. */
    step: number | null;
    prompt: string;
    /** The best first. */
    completions: ComparedCompletion[];
  }[];
}

export interface ComparedCompletion {
  text: string;
  /** Tokens, the end token included. */
  length: number;
  finishReason: FinishReason;
  reward: number | null;
  /** null in an evaluation. */
  advantage: number | null;
  scores: RuleScore[];
}

export interface EvaluationComparison {
  /** What all of these runs were measured by: `reward` and the rules they share. */
  measures: string[];
  measure: string;
  /** The baseline's own, against its first evaluation, comes first where it has several. */
  pairs: EvaluationPair[];
  /** Runs without an evaluation. */
  withoutEvaluation: string[];
}

/** Whether the second is better than the first. */
export interface EvaluationPair {
  first: { run: string; step: number };
  second: { run: string; step: number };
  /** For a person: the result, or why there is none. */
  sentence: string;
  result: PairedResult | null;
  /** What to keep in mind when reading the result. */
  notes: string[];
}

/** Scores on the same prompts; every difference is second minus first. */
export interface PairedResult {
  prompts: number;
  firstMean: number;
  secondMean: number;
  difference: number;
  /** Ends of the 95% interval of the difference (percentile bootstrap over prompts). */
  low: number;
  high: number;
  /** Prompts on which the second scored higher, lower, and the same. */
  wins: number;
  losses: number;
  ties: number;
  /** Two-sided exact sign test of wins against losses: McNemar's for scores of 0 and 1. */
  pValue: number;
}

export interface EvaluationDifference {
  row: number;
  prompt: string;
  /** Second minus first. */
  difference: number;
  first: ComparedCompletion;
  second: ComparedCompletion;
}
