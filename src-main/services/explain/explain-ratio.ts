/** Whether the policy that a step updated was the one that its samples came from. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord, StepRecord } from '../../contract/engine.ts';
import type { RatioSection } from './types.ts';
import { number, percent } from '../../rewards/watchers/wording.ts';

/** Log-probs of two passes that differ by less are the same but for float32 rounding. */
const SAME_LOGP = 1e-4;

export function explainRatio({ metrics, groups }: StepRecord, config: GrpoConfig): RatioSection {
  const { 'ratio/min': min = null, 'ratio/max': max = null } = metrics;
  const completions = groups.flatMap((group) => group.completions);
  const largestLogDifference = Math.max(0, ...completions.map(largestDifference));
  const sentences = [
    'The ratio of a token is its probability under the policy that is updated, divided by its probability under the policy at the beginning of the step.',
    ...(replays(metrics)
      ? ['For a replayed group the divisor is the probability under the policy that sampled it in an earlier step.']
      : []),
    ratioSentence(config, {
      min,
      max,
      largestLogDifference,
      onPolicy: isOnPolicy(metrics, completions),
      replays: replays(metrics),
    }),
  ];
  const clipped = metrics['clip_ratio/region_mean'];
  if (clipped !== undefined && clipped > 0) {
    sentences.push(
      `Clipping (epsilon ${number(config.epsilon)}) stopped the push on ${percent(clipped)} of the tokens.`,
    );
  }
  return { min, max, largestLogDifference, sentences };
}

type Numbers = Omit<RatioSection, 'sentences'> & { onPolicy: boolean; replays: boolean };

function ratioSentence(config: GrpoConfig, { min, max, largestLogDifference, onPolicy, replays }: Numbers): string {
  const updates = updatesOf(config);
  const range = min === null || max === null ? '' : ` (smallest ${number(min)}, largest ${number(max)})`;
  const difference =
    largestLogDifference === 0 ? 'are identical for every token' : `differ by ${number(largestLogDifference)} at most`;
  if (onPolicy) {
    const when = updates === 1 ? 'in the only update of this step' : `in all ${updates} updates of this step`;
    return `It was 1 ${when}${range}: the log-probs of the two ${difference}. Clipping acts only on ratios away from 1, so it did nothing.`;
  }
  if (updates === 1 || replays) return `It was not 1${range}: the log-probs of the two ${difference}.`;
  return `The first of the ${updates} updates has ratio 1, as the policy has not moved yet; over all of them it left 1${range}. In the last pass the log-probs of the two ${difference}.`;
}

/** Every ratio of the step was 1. */
export function isOnPolicy(metrics: Record<string, number>, completions: readonly CompletionRecord[]): boolean {
  const { 'ratio/min': min = 1, 'ratio/max': max = 1 } = metrics;
  const recorded = Math.abs(min - 1) < SAME_LOGP && Math.abs(max - 1) < SAME_LOGP;
  return recorded && completions.every((completion) => largestDifference(completion) < SAME_LOGP);
}

/** Whether the step learned from groups of earlier steps: their ratio is not 1 even in the first update. */
export function replays({ 'groups/replayed': replayed = 0 }: Record<string, number>): boolean {
  return replayed > 0;
}

/** Updates that a step makes from its samples. */
export function updatesOf({ num_iterations, steps_per_generation }: GrpoConfig): number {
  return num_iterations * steps_per_generation;
}

function largestDifference({ policyLogps, oldLogps }: CompletionRecord): number {
  return policyLogps.reduce((largest, logp, t) => Math.max(largest, Math.abs(logp - oldLogps[t])), 0);
}
