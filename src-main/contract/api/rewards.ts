/** Rule sets: presets, saved versions, checks while they are written, the test bench, and finished runs scored anew. */
import { z } from 'zod';
import { datasetRowSchema } from '../dataset.ts';
import { extractionSchema } from '../reward-rules/extraction.ts';
import { normalisationSchema } from '../reward-rules/normalisation.ts';
import type { RewardRule } from '../reward-rules.ts';
import type { BenchReport, GoldReport, RescoreReport, RuleDifference, RuleProblem } from '../rewards.ts';
import type { TextSpan } from '../engine.ts';

const rules = z.array(z.unknown()).describe('rules as a person writes them; settings left out take their defaults');
const set = z
  .string()
  .min(1)
  .describe('a preset, a saved name (its newest version), name@version, name@ and the beginning of a hash, or a run');
const model = z
  .string()
  .min(1)
  .optional()
  .describe('model whose tokenizer counts; words and marks are counted when absent');
const run = z.string().min(1).describe('id or name of a run');
const choice = {
  steps: z.array(z.int().positive()).min(1).optional().describe('all of them when absent'),
  limit: z.int().positive().default(200).describe('steps scored at most, evenly spread over the run'),
  dataset: z.string().min(1).optional().describe("path of the run's dataset, where it has moved"),
};

export const rewardInputs = {
  'list-reward-presets': z.null(),
  'list-reward-sets': z.null(),
  'read-reward-set': z.strictObject({ set }),
  'save-reward-set': z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9_.-]+$/, 'letters, digits, _, . and - only'),
    rules,
  }),
  'reward-set-history': z.strictObject({ name: z.string().min(1) }),
  'diff-reward-sets': z.strictObject({ before: set, after: set }),
  'diff-rules': z.strictObject({ before: rules, after: rules }),
  'check-rules': z.strictObject({ rules: z.unknown() }),
  'preview-extraction': z.strictObject({
    extract: extractionSchema,
    normalise: normalisationSchema.default([]),
    text: z.string(),
  }),
  'bench-text': z.strictObject({
    rules,
    completions: z.array(z.string()).min(1).max(1000),
    row: datasetRowSchema.nullable().default(null).describe('the problem they answer'),
    model,
  }),
  'bench-dataset': z.strictObject({
    rules,
    path: z.string().min(1).describe('dataset file'),
    limit: z.int().positive().default(10_000).describe('rows asked at most, from the first on'),
    model,
  }),
  'bench-run': z.strictObject({ rules, run, ...choice }),
  'rescore-run': z.strictObject({ rules, run, ...choice }),
  'score-types': z.null(),
  'rule-schema': z.null(),
} as const;

export interface RewardPresetInfo {
  name: string;
  /** What it rewards, and which columns its dataset has to have. */
  description: string;
  rules: RewardRule[];
}

/** A version of a set saved under a name. */
export interface SavedRewardSet {
  name: string;
  /** 1-based within the name. */
  version: number;
  /** SHA-256 (hex) of the rules. */
  hash: string;
  savedAt: string; // ISO 8601
}

export interface RewardSet {
  /** What it is called: a preset, a saved name with its version, or a run. */
  label: string;
  origin: 'preset' | 'saved' | 'run';
  /** null: of a preset, which is no version of anything */
  hash: string | null;
  rules: RewardRule[];
}

/** What was extracted, where it stood, and what is compared in the end; or that nothing was. */
export type PreviewedExtraction = { found: string; span: TextSpan; normalised: string } | { missing: string };

export interface RewardOutputs {
  'list-reward-presets': RewardPresetInfo[];
  /** The newest version of each name. */
  'list-reward-sets': SavedRewardSet[];
  /** @throws reward_invalid when there is no such set */
  'read-reward-set': RewardSet;
  /** Equal rules make no new version. @throws reward_invalid for the first problem */
  'save-reward-set': SavedRewardSet;
  /** Newest first. @throws reward_invalid when nothing is saved under the name */
  'reward-set-history': SavedRewardSet[];
  /** @throws reward_invalid when there is no such set */
  'diff-reward-sets': RuleDifference[];
  /** As `diff-reward-sets`, of rules as they stand in an editor. */
  'diff-rules': RuleDifference[];
  /** The rules with their defaults, or null and what is wrong with them. */
  'check-rules': { rules: RewardRule[] | null; problems: RuleProblem[] };
  /** @throws reward_invalid when the extraction is at fault */
  'preview-extraction': PreviewedExtraction;
  'bench-text': BenchReport;
  /** Shown as a job while it works. @throws dataset_invalid, reward_invalid */
  'bench-dataset': GoldReport;
  /** Shown as a job while it works. @throws run_not_found, run_state, dataset_invalid, reward_invalid */
  'bench-run': BenchReport;
  /** Shown as a job while it works. @throws run_not_found, run_state, dataset_invalid, reward_invalid */
  'rescore-run': RescoreReport;
  /** What `score` of a script gets and returns, as a TypeScript declaration file. */
  'score-types': string;
  /** JSON Schema of each type of rule, as a person writes it, in the order in which forms offer them. */
  'rule-schema': { type: RewardRule['type']; schema: Record<string, unknown> }[];
}
