/** The playground: policies that answer one prompt side by side, with the same seed and sampling, scored as they answer. */
import { z } from 'zod';
import { promptSchema, type Prompt } from '../dataset.ts';
import type { FinishReason, RuleScore } from '../engine.ts';
import type { ErrorRecord } from '../errors.ts';
import type { GrownText } from '../playground.ts';
import type { RunStatus } from '../run.ts';

export const policySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), model: z.string().min(1).describe('name in the library, or a folder') }),
  z.strictObject({
    kind: z.literal('checkpoint'),
    run: z.string().min(1).describe('id of a run'),
    step: z.int().nonnegative().nullable().default(null).describe('null: its newest checkpoint'),
  }),
]);

export type PolicyChoice = z.infer<typeof policySchema>;

/** As in a run's config, where the defaults are the same; temperature 0 takes the likeliest token at every position. */
const samplingSchema = z.strictObject({
  temperature: z.number().min(0).default(1),
  top_p: z.number().gt(0).max(1).default(1),
  top_k: z.int().nonnegative().default(0),
  min_p: z.number().min(0).max(1).default(0),
  repetition_penalty: z.number().positive().default(1),
  max_completion_length: z.int().positive().max(32_768).default(256),
  num_generations: z.int().positive().max(16).default(4),
  seed: z.int().nonnegative().default(1),
});

export type PlaygroundSampling = z.infer<typeof samplingSchema>;

export const playgroundInputs = {
  'list-policies': z.null(),
  'read-run-prompt': z.strictObject({
    run: z.string().min(1).describe('id of a run'),
    row: z.int().nonnegative().describe("0-based row of the run's dataset"),
  }),
  'sample-playground': z.strictObject({
    policies: z.array(policySchema).min(1).max(3),
    prompt: promptSchema,
    sampling: samplingSchema.prefault({}),
    rewards: z.string().min(1).nullable().default(null).describe('a rule set as read-reward-set takes it; null: none'),
    columns: z.record(z.string(), z.unknown()).default({}).describe("the row's other columns, such as answer"),
  }),
  'cancel-playground': z.strictObject({ session: z.string() }),
} as const;

export interface PolicyList {
  /** The starter, then the library. */
  models: { name: string; path: string }[];
  /** Runs with a checkpoint, the newest first. */
  runs: {
    id: string;
    name: string;
    status: RunStatus;
    /** Folder of the model it began with. */
    model: string;
    /** Steps of the checkpoints that are kept, in order. */
    steps: number[];
  }[];
  /** Names of runs that go on now: they share the processor. */
  liveRuns: string[];
}

/** A prompt of a run with what its rules read. */
export interface RunPrompt {
  prompt: Prompt;
  columns: Record<string, unknown>;
  /** Rows of the dataset. */
  rows: number;
}

export interface PlaygroundSession {
  session: string;
  /** What the rules are called, in the order of their scores; empty without rules. */
  rules: string[];
}

export interface PlaygroundOutputs {
  'list-policies': PolicyList;
  /** @throws run_not_found, dataset_invalid */
  'read-run-prompt': RunPrompt;
  /** Begins; what follows comes through the channel `playground`. @throws model_invalid, checkpoint_invalid, run_not_found, reward_invalid, config_invalid */
  'sample-playground': PlaygroundSession;
  /** Ends the session where it is; does nothing to one that has ended. */
  'cancel-playground': null;
}

/** `policy` and `place` count from 0, in the order of the session's policies and of their completions. */
export type PlaygroundActivity = { session: string } & (
  | { type: 'opening'; policy: number }
  | { type: 'sampling'; policy: number; prompt: string; promptTokens: number; device: string }
  | { type: 'grown'; policy: number; completions: GrownText[] }
  | {
      type: 'completion';
      policy: number;
      place: number;
      text: string;
      /** How many, the end token included. */
      tokens: number;
      finishReason: FinishReason;
      /** Sum of its tokens' log-probs at the sampling temperature. */
      logp: number;
    }
  | { type: 'scored'; policy: number; place: number; reward: number | null; scores: RuleScore[] }
  /** All its completions are whole, and scored. */
  | { type: 'answered'; policy: number; seconds: number }
  | { type: 'unable'; policy: number; error: ErrorRecord }
  | { type: 'ended'; cancelled: boolean }
);
