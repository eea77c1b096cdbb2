/** Scores groups by one rule: a usable verdict for every completion, whatever the rule does. */
import { setImmediate } from 'node:timers/promises';
import type { DatasetRow } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import type { CompiledGroupRule, CompiledRule, ScoredCompletion, ScoredGroup, Verdict, Warn } from './rule.ts';

/** A rule as the scorer uses it. */
export interface ScoredRule {
  name: string;
  /** Factor of its score in the reward; null: no part of it. */
  weight: number | null;
  clip: RewardRule['clip'];
  score: CompiledRule | CompiledGroupRule;
}

/** Longest time in milliseconds that rules hold the thread before others get a turn. */
const TURN = 10;

/**
 * @param warn told of every completion that could not be scored, and of what else is wrong with the rule
 * @returns a verdict for each completion of each group; scores are finite and clipped
 * @throws StudioError where a rule asks for the end of the run
 */
export async function scoreRule(rule: ScoredRule, groups: readonly ScoredGroup[], warn: Warn): Promise<Verdict[][]> {
  const verdicts =
    typeof rule.score === 'function'
      ? await scoreOneByOne(rule.score, groups, warn)
      : await scoreTogether(rule.score, groups, warn);
  return verdicts.map((group) => group.map((verdict) => clipped(finite(verdict, warn), rule.clip)));
}

async function scoreOneByOne(score: CompiledRule, groups: readonly ScoredGroup[], warn: Warn): Promise<Verdict[][]> {
  const verdicts: Verdict[][] = [];
  let turn = performance.now();
  for (const { row, completions } of groups) {
    const group: Verdict[] = [];
    for (const completion of completions) {
      if (performance.now() - turn >= TURN) {
        await setImmediate(); // lets commands arrive
        turn = performance.now();
      }
      group.push(scoreOne(score, completion, row, warn));
    }
    verdicts.push(group);
  }
  return verdicts;
}

function scoreOne(score: CompiledRule, completion: ScoredCompletion, row: DatasetRow, warn: Warn): Verdict {
  try {
    return score(completion, row);
  } catch (error) {
    return failed(error, warn);
  }
}

async function scoreTogether(
  rule: CompiledGroupRule,
  groups: readonly ScoredGroup[],
  warn: Warn,
): Promise<Verdict[][]> {
  try {
    return await rule.scoreGroups(groups, warn);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    return groups.map(({ completions }) => completions.map(() => failed(error, warn)));
  }
}

function failed(error: unknown, warn: Warn): Verdict {
  const message = error instanceof Error ? error.message : String(error);
  warn(message);
  return { score: null, why: `could not be scored: ${message}` };
}

function finite(verdict: Verdict, warn: Warn): Verdict {
  if (verdict.score === null || Number.isFinite(verdict.score)) return verdict;
  const message = `the score was ${verdict.score}`;
  warn(message);
  return { ...verdict, score: null, why: `${verdict.why}; ${message}, which is no number to learn from` };
}

function clipped(verdict: Verdict, clip: ScoredRule['clip']): Verdict {
  const { score, why } = verdict;
  if (score === null || clip === undefined) return verdict;
  const held = Math.min(Math.max(score, clip.min ?? -Infinity), clip.max ?? Infinity);
  return held === score ? verdict : { ...verdict, score: held, why: `${why}; clipped from ${score} to ${held}` };
}
