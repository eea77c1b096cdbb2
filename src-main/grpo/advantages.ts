/** Group-relative advantages: how much better a completion is than the others of its prompt. */
import { mean, standardDeviation } from './statistics.ts';

/** Keeps the division finite when all rewards of a group are equal; TRL's value. */
const EPSILON = 1e-4;

/**
 * Outcome-supervised advantages, DeepSeekMath (arXiv 2402.03300) §4.1.2: Â_i = (r_i − mean(r)) / std(r) within the group.
 *
 * @param rewards one group's rewards [G]; null where no rule applied to the completion
 * @returns advantages [G]. A completion without a reward gets 0 and does not enter the mean or the standard deviation.
 */
export function groupAdvantages(rewards: readonly (number | null)[]): Float64Array {
  const known = rewards.filter((reward) => reward !== null);
  const advantages = new Float64Array(rewards.length);
  if (known.length < 2) return advantages;
  const center = mean(known);
  const spread = standardDeviation(known);
  rewards.forEach((reward, i) => {
    if (reward !== null) advantages[i] = (reward - center) / (spread + EPSILON);
  });
  return advantages;
}
