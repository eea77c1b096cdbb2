/** The numbers a step is judged by, under TRL's names where TRL has one. */
import type { GrpoLoss } from './loss.ts';
import { mean, standardDeviation, sum } from './statistics.ts';

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
 * What can be said of a batch before the update: `reward`, `reward_std` (over the whole batch),
 * `frac_reward_zero_std`, `rewards/<rule>/mean|std`, `completions/…`. A metric that has no value (no applicable row) is left out.
 */
export function samplingMetrics(groups: readonly SampledGroup[], rules: readonly string[]): Record<string, number> {
  const completions = groups.flatMap((group) => group.completions);
  const rewardsOf = (group: SampledGroup) => group.completions.flatMap(({ reward }) => reward ?? []);
  const deviations = groups.map(rewardsOf).filter((rewards) => rewards.length > 1).map(standardDeviation);
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

/**
 * What the update itself measured, over all its micro-batches and iterations: `loss` with its two terms, `kl`, `clip_ratio/…` and
 * `ratio/…`. Per-token means weigh every token the same, as TRL's do; the loss is the mean over iterations.
 */
export function lossMetrics(losses: readonly GrpoLoss[], iterations: number, hasReference: boolean): Record<string, number> {
  const tokens = sum(losses.map(({ sums }) => sums.tokens));
  const share = (pick: (sums: GrpoLoss['sums']) => number) => sum(losses.map(({ sums }) => pick(sums))) / tokens;
  const metrics: Record<string, number> = {
    loss: sum(losses.map(({ loss }) => loss)) / iterations,
    'loss/policy': sum(losses.map(({ policyLoss }) => policyLoss)) / iterations,
    'clip_ratio/low_mean': share((sums) => sums.clippedLow),
    'clip_ratio/high_mean': share((sums) => sums.clippedHigh),
    'clip_ratio/region_mean': share((sums) => sums.clippedLow + sums.clippedHigh),
    'ratio/mean': share((sums) => sums.ratio),
    'ratio/min': Math.min(...losses.map(({ sums }) => sums.ratioMin)),
    'ratio/max': Math.max(...losses.map(({ sums }) => sums.ratioMax)),
  };
  if (hasReference) {
    metrics['loss/kl'] = sum(losses.map(({ klLoss }) => klLoss)) / iterations;
    metrics.kl = share((sums) => sums.kl);
  }
  return finite(metrics);
}

function finite(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}
