/** What an edited rule set would have said of a finished run: its completions scored anew, and the two rankings compared. */
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { ChangedBest, PlacedGroup, RescoreReport } from '../../../contract/rewards.ts';
import type { CompletionScore } from '../../../rewards/reward-scorer.ts';
import type { StoredCompletion, StoreReader } from '../../../store/interfaces.ts';
import { withBench, type BenchOptions } from './bench.ts';
import { kendall, spearman } from './rank-correlation.ts';
import { recordedAnswers } from './recorded-scores.ts';
import { openRunSource, type RunChoice, type StoredScoredGroup } from './run-groups.ts';
import { Running, summaryOf } from './summary.ts';

/** Examples of each kind. */
const SHOWN = 10;

/** Rewards closer than this are equal but for rounding. */
const ROUNDING = 1e-9;

/** @throws what `openRunSource` and `Bench.open` throw */
export async function rescoreRun(
  reader: StoreReader,
  idOrName: string,
  rules: readonly RewardRule[],
  { steps, limit, dataset, ...options }: RunChoice & BenchOptions = {},
): Promise<RescoreReport> {
  const source = await openRunSource(reader, idOrName, { steps, limit, dataset });
  return withBench(
    rules,
    { ...options, advantages: source.advantages, compile: recordedAnswers(source) },
    async (bench) => {
      const comparison = new Comparison();
      for (const [index, step] of source.steps.entries()) {
        const groups = source.groupsOf(step);
        comparison.addStep(step, groups, await bench.score(groups));
        options.onProgress?.((index + 1) / source.steps.length, `step ${step}`);
      }
      return { ...bench.report(source.notes), run: source.run.id, ...comparison.result() };
    },
  );
}

/** Old and new rewards side by side. */
class Comparison {
  readonly #old: number[] = [];
  readonly #new: number[] = [];
  readonly #within = { spearman: new Running(), kendall: new Running() };
  readonly #steps: RescoreReport['steps'] = [];
  readonly #best: RescoreReport['best'] = { compared: 0, changed: 0, examples: [] };
  readonly #zeroVariance: RescoreReport['zeroVariance'] = {
    before: 0,
    after: 0,
    became: { count: 0, examples: [] },
    ceased: { count: 0, examples: [] },
  };

  addStep(step: number, groups: readonly StoredScoredGroup[], scored: readonly (readonly CompletionScore[])[]): void {
    const means = { before: new Running(), after: new Running() };
    groups.forEach((group, index) => {
      const before = group.completions.map(({ reward }) => reward);
      const after = scored[index].map(({ reward }) => reward);
      for (const reward of before) if (reward !== null) means.before.add(reward);
      for (const reward of after) if (reward !== null) means.after.add(reward);
      this.#addRanks(before, after);
      this.#addVariance({ step, row: group.row.index }, isFlat(before), isFlat(after));
      this.#addBest({ step, row: group.row.index }, group.completions, after);
    });
    this.#steps.push({ step, before: means.before.summary().mean, after: means.after.summary().mean });
  }

  #addRanks(before: readonly (number | null)[], after: readonly (number | null)[]): void {
    const both = before.flatMap((old, i) =>
      old === null || after[i] === null ? [] : [[rounded(old), rounded(after[i])]],
    );
    const [a, b] = [both.map(([old]) => old), both.map(([, now]) => now)];
    for (const value of a) this.#old.push(value);
    for (const value of b) this.#new.push(value);
    const [rho, tau] = [spearman(a, b), kendall(a, b)];
    if (rho !== null) this.#within.spearman.add(rho);
    if (tau !== null) this.#within.kendall.add(tau);
  }

  #addVariance(place: PlacedGroup, before: boolean | null, after: boolean | null): void {
    const counts = this.#zeroVariance;
    if (before === true) counts.before++;
    if (after === true) counts.after++;
    const change =
      before === false && after === true ? counts.became : before === true && after === false ? counts.ceased : null;
    if (change === null) return;
    change.count++;
    if (change.examples.length < SHOWN) change.examples.push(place);
  }

  #addBest(place: PlacedGroup, completions: readonly StoredCompletion[], after: readonly (number | null)[]): void {
    const before = completions.map(({ reward }) => reward);
    const [oldBest, newBest] = [bestOf(before), bestOf(after)];
    if (oldBest.length === 0 || newBest.length === 0) return;
    this.#best.compared++;
    if (oldBest.some((index) => newBest.includes(index))) return;
    this.#best.changed++;
    if (this.#best.examples.length === SHOWN) return;
    const [was, is] = [oldBest[0], newBest[0]];
    const example: ChangedBest = {
      ...place,
      before: { text: completions[was].text, oldReward: before[was]!, newReward: after[was] },
      after: { text: completions[is].text, oldReward: before[is], newReward: after[is]! },
    };
    this.#best.examples.push(example);
  }

  result(): Pick<RescoreReport, 'steps' | 'spearman' | 'kendall' | 'best' | 'zeroVariance'> {
    const [a, b] = [Float64Array.from(this.#old), Float64Array.from(this.#new)];
    const { spearman: rho, kendall: tau } = this.#within;
    return {
      steps: this.#steps,
      spearman: { overall: spearman(a, b), withinGroups: rho.summary().mean },
      kendall: { overall: kendall(a, b), withinGroups: tau.summary().mean },
      best: this.#best,
      zeroVariance: this.#zeroVariance,
    };
  }
}

/** Whether all rewards are equal; null with fewer than two. */
function isFlat(rewards: readonly (number | null)[]): boolean | null {
  const { count, min, max } = summaryOf(rewards);
  return count < 2 ? null : max! - min! < ROUNDING;
}

/** Places of the largest rewards. */
function bestOf(rewards: readonly (number | null)[]): number[] {
  const { max } = summaryOf(rewards);
  return rewards.flatMap((reward, index) => (max !== null && reward !== null && reward > max - ROUNDING ? index : []));
}

function rounded(reward: number): number {
  return Math.round(reward / ROUNDING) * ROUNDING;
}
