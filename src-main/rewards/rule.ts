/** What every type of reward rule compiles to. */
import type { DatasetRow } from '../contract/dataset.ts';
import type { TextSpan } from '../contract/engine.ts';

export type { TextSpan };

/** A rule's verdict: null where it does not apply to the row; `why` is one sentence with the values in it. */
export interface Verdict {
  score: number | null;
  why: string;
  /** The parts of the completion that decided it, where some did. */
  spans?: TextSpan[];
}

/** What a rule may look at. */
export interface ScoredCompletion {
  text: string;
  /** Token ids, the end token included [T]. */
  tokens: ArrayLike<number>;
}

export type CompiledRule = (completion: ScoredCompletion, row: DatasetRow) => Verdict;

/** The completions of one prompt, for rules that take time or compare them with one another. */
export interface ScoredGroup {
  /** The prompt as the model saw it. */
  prompt: string;
  row: DatasetRow;
  completions: readonly ScoredCompletion[];
}

/** @param completions how many have no score because of it; one when not said */
export type Warn = (message: string, completions?: number) => void;

/** A rule that scores whole groups and may wait for something outside this thread: a sandbox, a judge, a model. */
export interface CompiledGroupRule {
  /**
   * @returns a verdict for each completion of each group, in order. What fails for one completion is that completion's verdict
   *   (score null, and a sentence), and is told to `warn` as well.
   */
  scoreGroups(groups: readonly ScoredGroup[], warn: Warn): Promise<Verdict[][]>;
  dispose(): void;
}
