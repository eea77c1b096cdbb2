/** The numbers a step is judged by, under TRL's names where TRL has one. A metric that has no value is left out. */
import type { GrpoLoss } from './loss.ts';
import type { LossMeasures } from './loss-measures.ts';
import type { GrpoLossOptions } from './loss-options.ts';
import { mean, standardDeviation, sum } from './statistics.ts';
import { merged, tallyMean, type Tally } from './tally.ts';

export interface SampledGroup {
  completions: {
    length: number; // tokens
    terminated: boolean; // ended by itself, not by the length limit
    reward: number | null;
    /** Score of every rule, in the rules' order; null = not applicable. */
    scores: (number | null)[];
  }[];
}

/**
 * What can be said of a batch before the update: `reward`, `reward_std` (over the whole batch), `frac_reward_zero_std` (share of the
 * groups whose rewards are all equal, whatever the advantages are scaled by; as in TRL, not of those with fewer than two rewards),
 * `rewards/<rule>/mean|std`, `completions/…`.
 */
export function samplingMetrics(groups: readonly SampledGroup[], rules: readonly string[]): Record<string, number> {
  const completions = groups.flatMap((group) => group.completions);
  const rewardsOf = (group: SampledGroup) => group.completions.flatMap(({ reward }) => reward ?? []);
  const deviations = groups.map((group) => standardDeviation(rewardsOf(group)));
  const lengths = completions.map(({ length }) => length);
  const terminated = completions.flatMap(({ length, terminated }) => (terminated ? length : []));
  const metrics: Record<string, number> = {
    reward: mean(groups.flatMap(rewardsOf)),
    reward_std: standardDeviation(groups.flatMap(rewardsOf)),
    frac_reward_zero_std: mean(deviations.map((deviation) => Number(deviation < 1e-8))),
    'completions/mean_length': mean(lengths),
    'completions/min_length': Math.min(...lengths),
    'completions/max_length': Math.max(...lengths),
    'completions/clipped_ratio': 1 - terminated.length / completions.length,
    'completions/mean_terminated_length': mean(terminated),
    'completions/min_terminated_length': Math.min(...terminated),
    'completions/max_terminated_length': Math.max(...terminated),
  };
  rules.forEach((rule, i) => {
    const scores = completions.flatMap(({ scores }) => scores[i] ?? []);
    metrics[`rewards/${rule}/mean`] = mean(scores);
    metrics[`rewards/${rule}/std`] = standardDeviation(scores);
  });
  return finite(metrics);
}

/** `completions/duplicates`: share of the completions after the first of their group that repeat an earlier one's text. */
export function duplicateMetrics(texts: readonly (readonly string[])[]): Record<string, number> {
  const later = sum(texts.map((group) => group.length - 1));
  const copies = sum(texts.map((group) => group.length - new Set(group).size));
  return finite({ 'completions/duplicates': copies / later });
}

/**
 * How groups fared by the outcome rule: shares of groups with every completion right, none right, or some. Only `mixed` groups tell
 * completions apart.
 *
 * @param successes whether each completion of each group is right; null where the rule does not apply. A group of nulls is not counted.
 */
export function groupBreakdown(successes: readonly (readonly (boolean | null)[])[]): Record<string, number> {
  const judged = successes
    .map((group) => group.filter((success) => success !== null))
    .filter((group) => group.length > 0);
  const share = (is: (group: boolean[]) => boolean) => mean(judged.map((group) => Number(is(group))));
  return finite({
    'groups/all_right': share((group) => group.every((success) => success)),
    'groups/all_wrong': share((group) => !group.some((success) => success)),
    'groups/mixed': share((group) => group.includes(true) && group.includes(false)),
  });
}

/**
 * What the updates measured, over all their micro-batches and iterations: the loss with its terms, then TRL's own metrics of the loss
 * and `ratio/…`, and `entropy/bonus` where some tokens are left out of the entropy bonus. Means per token weigh every token the same, as TRL's do within a micro-batch; losses are means over the updates.
 *
 * @param updates optimizer updates that `losses` come from
 */
export function lossMetrics(
  losses: readonly GrpoLoss[],
  updates: number,
  options: GrpoLossOptions,
): Record<string, number> {
  const perUpdate = (term: (loss: GrpoLoss) => number) => sum(losses.map(term)) / updates;
  const tally = (name: keyof LossMeasures) => merged(losses.map(({ measures }) => measures[name]));
  const kl = tally('kl');
  const entropy = tally('entropy');
  const bonusEntropy = tally('bonusEntropy');
  const low = tally('clippedLow');
  const high = tally('clippedHigh');
  const bonus = options.entropyCoefficient !== 0;
  const corrected = options.samplerCorrection !== null;
  return finite({
    loss: perUpdate(({ loss }) => loss),
    'loss/policy': perUpdate(({ policyLoss }) => policyLoss),
    'loss/kl': kl.count === 0 ? NaN : perUpdate(({ klLoss }) => klLoss),
    'loss/entropy': bonus ? perUpdate(({ entropyLoss }) => entropyLoss) : NaN,
    policy_loss: bonus ? perUpdate(({ policyLoss, klLoss }) => policyLoss + klLoss) : NaN,
    entropy_coef: bonus ? options.entropyCoefficient : NaN,
    kl: tallyMean(kl),
    entropy: tallyMean(entropy),
    'entropy/bonus': bonusEntropy.count < entropy.count ? tallyMean(bonusEntropy) : NaN,
    'clip_ratio/low_mean': tallyMean(low),
    'clip_ratio/low_min': low.min,
    'clip_ratio/high_mean': tallyMean(high),
    'clip_ratio/high_max': high.max,
    'clip_ratio/region_mean': tallyMean(low) + tallyMean(high), // no token is clipped on both sides
    cispo_clip_ratio: tallyMean(tally('cispoCapped')),
    'vespo/phi_seq_mean': tallyMean(tally('vespoWeight')),
    ...spread('ratio', tally('ratio')),
    ...(corrected ? spread('sampling/importance_sampling_ratio', tally('samplerWeight')) : {}),
    'sampling/sampling_logp_difference/mean': tallyMean(tally('samplerDifference')),
    'sampling/sampling_logp_difference/max': tally('samplerDifference').max,
  });
}

function spread(name: string, tally: Tally): Record<string, number> {
  return { [`${name}/min`]: tally.min, [`${name}/mean`]: tallyMean(tally), [`${name}/max`]: tally.max };
}

function finite(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}
