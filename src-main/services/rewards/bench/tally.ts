/** Keeps count of scores as they come, so that a run of any size can be judged in little memory. */
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { BenchReport } from '../../../contract/rewards.ts';
import type { CompletionScore } from '../../../rewards/reward-scorer.ts';
import { outcomeOf } from './rule-range.ts';
import { Correlation, Running, summaryOf } from './summary.ts';

/** The part of a report that is counted. */
export type Tallied = Omit<BenchReport, 'findings' | 'warnings' | 'samples' | 'notes'>;

interface RuleTally {
  scores: Running;
  contributions: Running;
  agreement: Correlation;
  /** Sentence of the first completion without a score. */
  firstWhy: string | null;
  unscored: number;
  fired: number;
}

export class Tally {
  readonly #rules: readonly RewardRule[];
  readonly #outcome: number;
  readonly #tallies: RuleTally[];
  readonly #rewards = new Running();
  readonly #deviations = new Running();
  #groups = 0;
  #completions = 0;
  #zeroVariance = 0;

  /** @param rules the enabled ones, in the order of the scores */
  constructor(rules: readonly RewardRule[]) {
    this.#rules = rules;
    this.#outcome = rules.indexOf(outcomeOf(rules)!);
    this.#tallies = rules.map(() => ({
      scores: new Running(),
      contributions: new Running(),
      agreement: new Correlation(),
      firstWhy: null,
      unscored: 0,
      fired: 0,
    }));
  }

  add(group: readonly CompletionScore[]): void {
    this.#groups++;
    this.#completions += group.length;
    for (const { reward } of group) if (reward !== null) this.#rewards.add(reward);
    const { count, std, min, max } = summaryOf(group.map(({ reward }) => reward));
    if (count >= 2 && std !== null) {
      this.#deviations.add(std);
      if (min === max) this.#zeroVariance++;
    }
    this.#tallies.forEach((tally, place) => this.#addRule(tally, place, group));
  }

  #addRule(tally: RuleTally, place: number, group: readonly CompletionScore[]): void {
    const weight = weightOf(this.#rules[place]);
    const pairs: [number, number][] = [];
    for (const { scores } of group) {
      const { score, why } = scores[place];
      if (score === null) {
        tally.unscored++;
        tally.firstWhy ??= why;
        continue;
      }
      if (score !== 0) tally.fired++;
      tally.scores.add(score);
      tally.contributions.add(weight * score);
      const outcome = scores[this.#outcome].score;
      if (outcome !== null) pairs.push([weight * score, outcome]);
    }
    if (place !== this.#outcome && pairs.length > 1) tally.agreement.addGroup(pairs);
  }

  /** Why a rule had no score, the first time. */
  firstWhy(place: number): string | null {
    return this.#tallies[place].firstWhy;
  }

  result(): Tallied {
    const { count, mean } = this.#deviations.summary();
    return {
      groups: this.#groups,
      completions: this.#completions,
      rules: this.#tallies.map((tally, place) => ({
        rule: this.#rules[place].name,
        type: this.#rules[place].type,
        weight: weightOf(this.#rules[place]),
        scores: tally.scores.summary(),
        unscored: tally.unscored,
        fired: tally.fired,
        contribution: tally.contributions.summary().std,
        agreement: tally.agreement.value(),
      })),
      rewards: this.#rewards.summary(),
      groupStd: mean,
      comparedGroups: count,
      zeroVarianceGroups: this.#zeroVariance,
    };
  }
}

/** 0 for a rule that is a metric only. */
export function weightOf({ metric_only, weight }: RewardRule): number {
  return metric_only ? 0 : weight;
}
