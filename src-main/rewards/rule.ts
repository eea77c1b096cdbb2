/** What every type of reward rule compiles to. */
import type { DatasetRow } from '../contract/dataset.ts';

/** A rule's verdict: null where it does not apply to the row; `why` is one sentence with the values in it. */
export interface Verdict {
  score: number | null;
  why: string;
}

/** What a rule may look at. */
export interface ScoredCompletion {
  text: string;
  /** Token ids, the end token included [T]. */
  tokens: ArrayLike<number>;
}

export type CompiledRule = (completion: ScoredCompletion, row: DatasetRow) => Verdict;
