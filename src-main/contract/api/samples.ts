/** Samples: the groups and completions of a run, found, read down to the token, marked and exported. */
import { z } from 'zod';
import type { FinishReason, RuleScore } from '../engine.ts';

const run = z.string().min(1).describe('id of a run');
const completion = z.int().positive().describe('id of a completion');

/** Which completions are meant; what is left out does not matter. A group belongs to them when one of its completions does. */
export const sampleFilterSchema = z.strictObject({
  stepFrom: z.int().positive().optional(),
  stepTo: z.int().positive().optional(),
  row: z.int().nonnegative().optional().describe('0-based row of the dataset'),
  prompt: z.string().min(1).optional().describe('a part of the prompt, upper and lower case alike'),
  rewardMin: z.number().optional(),
  rewardMax: z.number().optional(),
  rule: z.string().min(1).optional().describe('the rule whose score scoreMin and scoreMax bound'),
  scoreMin: z.number().optional(),
  scoreMax: z.number().optional(),
  finishReason: z.enum(['eos', 'stop', 'length']).optional(),
  variance: z.enum(['zero', 'some']).optional().describe('zero: all completions of the group have the same reward'),
  text: z
    .string()
    .min(1)
    .optional()
    .describe('words of the completion, all of them; the last may be a beginning; "…" for a phrase'),
  bookmarked: z.boolean().optional(),
});

export type SampleFilter = z.infer<typeof sampleFilterSchema>;

export const sampleOrders = ['step', 'reward', 'advantage', 'length'] as const;

export type SampleOrder = (typeof sampleOrders)[number];

const page = {
  run,
  filter: sampleFilterSchema.default({}),
  descending: z.boolean().default(true),
  offset: z.int().nonnegative().default(0),
  limit: z.int().positive().max(500).default(100),
};

export const sampleInputs = {
  'query-completions': z.strictObject({ ...page, order: z.enum(sampleOrders).default('step') }),
  'query-groups': z.strictObject({
    ...page,
    order: z.enum(['step', 'reward']).default('step').describe("reward: the group's mean"),
  }),
  'list-steps': z.strictObject({ run }),
  'read-group': z.strictObject({ group: z.int().positive().describe('id of a group') }),
  'read-tokens': z.strictObject({ completion }),
  'prompt-history': z.strictObject({ run, row: z.int().nonnegative() }),
  'bookmark-completion': z.strictObject({
    completion,
    on: z.boolean(),
    note: z.string().max(4000).nullable().default(null),
  }),
  'export-samples': z.strictObject({
    run,
    filter: sampleFilterSchema.default({}),
    format: z.enum(['jsonl', 'csv']),
  }),
} as const;

/** A completion in a list. */
export interface CompletionRow {
  id: number;
  group: number;
  step: number;
  /** 0-based row of the dataset. */
  row: number;
  /** 0-based place within its group. */
  position: number;
  reward: number | null;
  advantage: number;
  finishReason: FinishReason;
  /** How many, the end token included. */
  tokens: number;
  /** The beginning of its text. */
  snippet: string;
  bookmarked: boolean;
}

/** A group in a list. */
export interface GroupRow {
  id: number;
  step: number;
  row: number;
  /** 0-based place within its step. */
  position: number;
  /** The prompt, or of a long one its end after …: a template's beginning is the same for all. */
  snippet: string;
  /** Of its completions, from the highest down; those without a reward are left out. */
  rewards: number[];
  completions: number;
  bookmarks: number;
}

export interface SamplePage<Row> {
  /** Of all pages. */
  total: number;
  rows: Row[];
}

/** A step in figures. */
export interface StepSummary {
  step: number;
  groups: number;
  completions: number;
  meanReward: number | null;
  /** Groups whose completions all have the same reward: they teach nothing. */
  zeroVariance: number;
}

export interface Bookmark {
  /** Empty when there is none. */
  note: string;
}

export interface GroupCompletion {
  id: number;
  position: number;
  text: string;
  finishReason: FinishReason;
  reward: number | null;
  advantage: number;
  tokens: number;
  scores: RuleScore[];
  /** null: not marked. */
  bookmark: Bookmark | null;
}

export interface GroupSample {
  id: number;
  run: string;
  step: number;
  row: number;
  position: number;
  /** Groups of its step. */
  groups: number;
  /** As the model saw it, chat template applied. */
  prompt: string;
  promptTokens: number;
  /** By advantage, the highest first. */
  completions: GroupCompletion[];
  /** Whether all its rewards are equal. */
  zeroVariance: boolean;
  /** Ids of the groups before and after it in the run; null at the ends. */
  previous: number | null;
  next: number | null;
}

/** Every array has one entry a token. */
export interface TokenSample {
  completion: number;
  group: number;
  ids: number[];
  /** Exactly what each token stands for; null when the run's tokenizer is not at hand. */
  texts: string[] | null;
  /** Whether the token is one of the tokenizer's special ones. */
  special: boolean[];
  /** Why there are no texts, one sentence. */
  missing: string | null;
  samplingLogps: number[];
  oldLogps: number[];
  /** null: the run has no reference policy. */
  referenceLogps: number[] | null;
  policyLogps: number[];
  entropies: number[];
  coefficients: number[];
  /** π/π_old at the last pass of the step. */
  ratios: number[];
  /** k3 = π_ref/π − log(π_ref/π) − 1, in nats; null without a reference. */
  kl: number[] | null;
  advantage: number;
  /** Weight of the KL term in the loss of this step. */
  beta: number;
  klEstimator: 'k1' | 'k2' | 'k3';
  /** The token's part of the loss was left out because the completion was cut off. */
  leftOut: boolean;
}

/** One prompt in one step. */
export interface PromptMoment {
  group: number;
  step: number;
  meanReward: number | null;
  minReward: number | null;
  maxReward: number | null;
  best: { completion: number; text: string; reward: number | null };
  worst: { completion: number; text: string; reward: number | null };
}

/** Small enough to be handed over, or a job that writes a file. */
export type SampleExport = { kind: 'text'; name: string; text: string } | { kind: 'job'; job: string };

export interface SampleOutputs {
  /** @throws run_not_found */
  'query-completions': SamplePage<CompletionRow>;
  'query-groups': SamplePage<GroupRow>;
  /** Steps that sampled, in order. */
  'list-steps': StepSummary[];
  /** @throws io_failed when the group is not there any more: the run went back to an earlier step */
  'read-group': GroupSample;
  'read-tokens': TokenSample;
  'prompt-history': PromptMoment[];
  'bookmark-completion': null;
  /** By step, in the order of sampling. */
  'export-samples': SampleExport;
}
