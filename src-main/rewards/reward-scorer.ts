/** Scores groups of completions by a list of compiled rules, and keeps count of what could not be scored. */
import type { RuleScore } from '../contract/engine.ts';
import type { ScoredGroup } from './rule.ts';
import { scoreRule, type ScoredRule } from './score-rule.ts';

/** What the rules say of one completion. */
export interface CompletionScore {
  /** Weighted sum of the scores that apply, null when none does (TRL: `nansum` of weight × score, NaN when all are NaN). */
  reward: number | null;
  /** One score for each rule, in order. */
  scores: RuleScore[];
}

/** Completions that a rule could not score, or something else that is wrong with it. */
export interface ScoringWarning {
  rule: string;
  message: string;
  /** Completions without a score for this reason; 0 when it costs none. */
  count: number;
  /** Completions that the rule was asked for in the same time. */
  of: number;
}

export interface RewardScorer {
  /** Names of the enabled rules, in the order of the config. */
  readonly names: readonly string[];
  /**
   * Scores completions by every rule. Rules that wait for something run side by side.
   *
   * @returns for each group, for each completion in order, its reward and scores
   * @throws StudioError where a rule asks for the end of the run when it fails
   */
  scoreGroups(groups: readonly ScoredGroup[]): Promise<CompletionScore[][]>;
  /** What could not be scored since the last call, in the order of the rules. */
  takeWarnings(): ScoringWarning[];
  /** Ends what the rules hold: sandboxes, connections, models. */
  dispose(): void;
}

/** Different messages kept of a rule; what is said after them counts as OTHERS. */
const MESSAGES = 20;
const OTHERS = 'other reasons';

export function createScorer(rules: readonly ScoredRule[]): RewardScorer {
  const names = rules.map(({ name }) => name);
  let asked = 0;
  let failures = rules.map(() => new Map<string, number>());
  return {
    names,
    async scoreGroups(groups) {
      asked += groups.reduce((total, { completions }) => total + completions.length, 0);
      const warnings = failures;
      const settled = await Promise.allSettled(
        rules.map((rule, place) =>
          scoreRule(rule, groups, (message, completions) => count(warnings[place], message, completions)),
        ),
      );
      const verdicts = settled.map((result) => {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      });
      return groups.map(({ completions }, g) =>
        completions.map((_, c) => {
          const scores = verdicts.map((rule, place) => ({ rule: names[place], ...rule[g][c] }));
          return { reward: weightedSum(rules, scores), scores };
        }),
      );
    },
    takeWarnings() {
      const taken = failures.flatMap((messages, place) =>
        [...messages].map(([message, count]) => ({ rule: names[place], message, count, of: asked })),
      );
      failures = rules.map(() => new Map<string, number>());
      asked = 0;
      return taken;
    },
    dispose() {
      for (const { score } of rules) if (typeof score === 'object') score.dispose();
    },
  };
}

function count(messages: Map<string, number>, message: string, completions = 1): void {
  const key = messages.has(message) || messages.size < MESSAGES ? message : OTHERS;
  messages.set(key, (messages.get(key) ?? 0) + completions);
}

function weightedSum(rules: readonly ScoredRule[], scores: readonly RuleScore[]): number | null {
  let reward: number | null = null;
  scores.forEach(({ score }, place) => {
    const { weight } = rules[place];
    if (score !== null && weight !== null) reward = (reward ?? 0) + weight * score;
  });
  return reward;
}
