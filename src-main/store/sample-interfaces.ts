/** What the store offers for looking at samples: finding them among millions, reading one in full, marking it. */
import type {
  Bookmark,
  CompletionRow,
  GroupRow,
  GroupSample,
  PromptMoment,
  SampleFilter,
  SampleOrder,
  StepSummary,
} from '../contract/api/samples.ts';
import type { CompletionRecord, RuleScore } from '../contract/engine.ts';

/** One completion with what was recorded of each of its tokens. */
export interface StoredTokens extends Omit<CompletionRecord, 'text' | 'scores' | 'reward'> {
  id: number;
  group: number;
  run: string;
  step: number;
}

/** A completion as an export writes it. */
export interface ExportedCompletion {
  step: number;
  group: number;
  row: number;
  position: number;
  prompt: string;
  text: string;
  reward: number | null;
  advantage: number;
  finishReason: string;
  tokens: number;
  scores: RuleScore[];
  bookmark: Bookmark | null;
}

/** Every method throws `StudioError('store_failed')` when the database cannot be read. */
export interface SampleStore {
  /** Changes whenever the run's samples may have: with a step, with a return to an earlier one, with a bookmark. */
  version(runId: string): string;
  /** Ids of the completions that the filter means, in order. */
  findCompletions(runId: string, filter: SampleFilter, order: SampleOrder, descending: boolean): number[];
  /** Ids of the groups of which at least one completion fits. */
  findGroups(runId: string, filter: SampleFilter, order: 'step' | 'reward', descending: boolean): number[];
  /** In the order of the ids; those that are gone are left out. */
  completionRows(ids: readonly number[]): CompletionRow[];
  groupRows(ids: readonly number[]): GroupRow[];
  exportRows(ids: readonly number[]): ExportedCompletion[];
  /** The steps that sampled, in order. */
  listSteps(runId: string): StepSummary[];
  /** null when it is not there. */
  readGroup(id: number): GroupSample | null;
  readTokens(completionId: number): StoredTokens | null;
  /** What became of one prompt, in order of steps. */
  promptHistory(runId: string, row: number): PromptMoment[];
  /** Marks a completion; marking it again changes the note. */
  bookmark(completionId: number, note: string): void;
  removeBookmark(completionId: number): void;
}
