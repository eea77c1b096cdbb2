/** Losses of reward models on the scores of whole completions: ranked pairs and given scores. */
import { mean } from './statistics.ts';

/** A loss and its gradient with respect to the scores [n]. */
export interface ScoreLoss {
  loss: number;
  gradient: Float64Array;
}

/**
 * Bradley–Terry loss of ranked pairs, L = −1/P Σ log σ(s_chosen − s_rejected): InstructGPT (arXiv 2203.02155) eq. 1 with K = 2.
 *
 * @param scores pair after pair, the chosen completion's score before the rejected one's [2p]
 * @param totalPairs pairs P of the whole batch, when it is split into micro-batches
 */
export function rankingLoss(scores: ArrayLike<number>, totalPairs: number): ScoreLoss {
  const gradient = new Float64Array(scores.length);
  let loss = 0;
  for (let i = 0; i < scores.length; i += 2) {
    const margin = scores[i] - scores[i + 1];
    // −log σ(x) = log(1 + e^−x), written so that no exponential overflows.
    loss += (Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(0, -margin)) / totalPairs;
    const wrong = 1 / (1 + Math.exp(margin)); // σ(−margin), the probability of the wrong order
    gradient[i] = -wrong / totalPairs;
    gradient[i + 1] = wrong / totalPairs;
  }
  return { loss, gradient };
}

/**
 * Mean squared error of given scores, L = 1/n Σ (s − target)².
 *
 * @param totalCompletions completions n of the whole batch, when it is split into micro-batches
 */
export function regressionLoss(
  scores: ArrayLike<number>,
  targets: ArrayLike<number>,
  totalCompletions: number,
): ScoreLoss {
  const gradient = new Float64Array(scores.length);
  let loss = 0;
  for (let i = 0; i < scores.length; i++) {
    const error = scores[i] - targets[i];
    loss += error ** 2 / totalCompletions;
    gradient[i] = (2 * error) / totalCompletions;
  }
  return { loss, gradient };
}

/** TRL's metrics of ranked pairs: the share of pairs in the right order (a tie is wrong) and the mean of chosen − rejected. */
export function rankingMetrics(scores: ArrayLike<number>): { accuracy: number; margin: number } {
  const margins = Array.from({ length: scores.length / 2 }, (_, pair) => scores[2 * pair] - scores[2 * pair + 1]);
  return { accuracy: mean(margins.map((margin) => (margin > 0 ? 1 : 0))), margin: mean(margins) };
}

/** TRL's names for the range of the rewards in a batch. */
export function scoreRange(scores: ArrayLike<number>): { min_reward: number; mean_reward: number; max_reward: number } {
  const values = Array.from(scores);
  const [min, max] = values.reduce(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
    [Infinity, -Infinity],
  );
  return { min_reward: min, mean_reward: mean(values), max_reward: max };
}
