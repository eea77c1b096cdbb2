/** What the parts of the editor share: the rules' schema, the declarations of scripts, and the check of what is written. */
import { getContext, setContext } from 'svelte';
import type { RuleProblem } from '../../../src-main/contract/rewards.ts';
import type { Schema, Values } from '../../lib/rule-schema.ts';

export interface RewardTools {
  /** A union of the rules of all types. */
  readonly schema: Schema;
  /** TypeScript declarations of what `score` gets and returns. */
  readonly declarations: string;
  /** Columns of the rows on the test bench. */
  readonly columns: readonly string[];
  check(rules: Values[], signal?: AbortSignal): Promise<RuleProblem[]>;
}

const key = Symbol('reward tools');

export function provideRewardTools(tools: RewardTools): void {
  setContext(key, tools);
}

/** During a component's initialisation only, as all of Svelte's contexts. */
export function useRewardTools(): RewardTools {
  return getContext<RewardTools>(key);
}
