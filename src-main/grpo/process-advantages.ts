/** Advantages of process rewards: every step of a completion has a reward, every token is credited with the steps it leads to. */
import { EPSILON } from './advantages.ts';
import { mean, standardDeviation } from './statistics.ts';

export interface RewardedStep {
  /** Index of the step's last token within the completion. */
  end: number;
  reward: number;
}

/**
 * Process-supervised advantages, DeepSeekMath (arXiv 2402.03300) §4.1.3. The rewards of all steps of all completions of a group are
 * normalised together, r̃ = (r − mean(R)) / std(R), and Â_it = Σ_{index(j) ≥ t} r̃_i^index(j): the sum over the steps that end at the
 * token or after it.
 *
 * @param steps the steps of each completion of one group [G]
 * @param lengths tokens of each completion [G]
 * @returns for each completion the advantages of its tokens [T]; 0 after its last step, and for a group of a single step
 */
export function processAdvantages(
  steps: readonly (readonly RewardedStep[])[],
  lengths: readonly number[],
): Float64Array[] {
  const rewards = steps.flat().map(({ reward }) => reward);
  const center = mean(rewards);
  const deviation = rewards.length < 2 ? 0 : standardDeviation(rewards);
  return steps.map((ofCompletion, i) => {
    const advantages = new Float64Array(lengths[i]);
    for (const { end, reward } of ofCompletion) {
      const normalised = (reward - center) / (deviation + EPSILON);
      for (let t = 0; t <= end; t++) advantages[t] += normalised;
    }
    return advantages;
  });
}
