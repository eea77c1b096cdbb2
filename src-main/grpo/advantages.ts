/** Advantages of outcome rewards: how much better a completion is than the others of its prompt. */
import { mean, standardDeviation, sum } from './statistics.ts';

/** Keeps a division finite where all rewards are equal; TRL's value. */
export const EPSILON = 1e-4;

/** A reward for each completion of each group; null where no rule applied, which keeps it out of every mean and deviation. */
export type GroupRewards = readonly (readonly (number | null)[])[];

export interface AdvantageOptions {
  /**
   * What is subtracted from a reward: the mean of its group (DeepSeekMath, arXiv 2402.03300, §4.1.2), the mean of the *others* of its
   * group (RLOO, arXiv 2402.14740; the same times G/(G−1)), or nothing (REINFORCE).
   */
  baseline: 'mean' | 'leave_one_out' | 'none';
  /**
   * The standard deviation that divides the difference: of the group (DeepSeekMath), of the whole batch (arXiv 2508.08221), or none
   * (Dr. GRPO, arXiv 2503.20783, which takes out the bias towards questions that are nearly always or never solved).
   */
  scale: 'group' | 'batch' | 'none';
}

/**
 * Group-relative advantages; with the options `mean` and `group` DeepSeekMath §4.1.2: Â_i = (r_i − mean(r)) / std(r).
 *
 * @returns for each group the advantages of its completions [G]; 0 for a completion without a reward, and where the baseline or the
 *   deviation is that of a single reward
 */
export function groupAdvantages(groups: GroupRewards, { baseline, scale }: AdvantageOptions): Float64Array[] {
  const batchDeviation = standardDeviation(known(groups.flat()));
  return groups.map((rewards) => {
    const scored = known(rewards);
    const deviation = { group: standardDeviation(scored), batch: batchDeviation, none: 0 }[scale];
    return Float64Array.from(rewards, (reward) => {
      if (reward === null) return 0;
      const above = reward - mean(scored);
      const size = scored.length;
      const difference = { mean: above, leave_one_out: (above * size) / (size - 1), none: reward }[baseline];
      return finite(scale === 'none' ? difference : difference / (deviation + EPSILON));
    });
  });
}

/**
 * GDPO (arXiv 2601.05242): each rule's scores are normalised within their group first, so that a rule with a wide spread does not
 * drown the others; the weighted sum is then normalised over the batch. TRL: `normalize_then_sum`.
 *
 * @param groups scores of every rule for every completion of every group; null where a rule does not apply
 * @param weights of the rules
 */
export function decoupledAdvantages(groups: readonly GroupRewards[], weights: readonly number[]): Float64Array[] {
  const totals = groups.map((completions) => {
    const normalised = weights.map((_, rule) => {
      const scores = completions.map((scores) => scores[rule]);
      const center = mean(known(scores));
      const deviation = standardDeviation(known(scores));
      return scores.map((score) => (score === null ? 0 : finite((score - center) / (deviation + EPSILON))));
    });
    return completions.map((scores, i) =>
      known(scores).length === 0 ? null : sum(weights.map((weight, rule) => weight * normalised[rule][i])),
    );
  });
  const all = known(totals.flat());
  const center = mean(all);
  const deviation = standardDeviation(all);
  return totals.map((group) =>
    Float64Array.from(group, (total) => (total === null ? 0 : finite((total - center) / (deviation + EPSILON)))),
  );
}

/** The weighted sum of the scores that apply; null when none does. TRL: `sum_then_normalize`. */
export function totalReward(scores: readonly (number | null)[], weights: readonly number[]): number | null {
  if (known(scores).length === 0) return null;
  return sum(scores.map((score, rule) => (score ?? 0) * weights[rule]));
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

/** 0 for the undefined (TRL: `nan_to_num`). */
function finite(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
