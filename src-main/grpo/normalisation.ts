/** What each loss divides the sum of its token terms by: the one thing most of them differ in. */

export type LossType = 'grpo' | 'bnpo' | 'dr_grpo' | 'dapo' | 'cispo' | 'sapo' | 'luspo' | 'vespo' | 'gmpo';

/** Sizes of a whole optimizer step, so that the losses of its micro-batches add up to the loss of the step. */
export interface StepTotals {
  /** Completions R, those left out of the loss included. */
  completions: number;
  /** Tokens of the completions that take part in the loss. */
  tokens: number;
  /** The same for a generation batch that feeds several optimizer steps: its tokens divided by the number of steps; else `tokens`. */
  averageTokens: number;
}

/**
 * The weight of each token of a completion.
 *
 * - grpo, DeepSeekMath (arXiv 2402.03300) eq. 3, and sapo, gmpo: 1/(R |o_i|), the mean over completions of the mean over tokens. A token
 *   of a short completion weighs more.
 * - bnpo: 1/Σ|o_i| over the optimizer step. (TRL's is over a micro-batch, and changes with the size of micro-batches.)
 * - dapo (arXiv 2503.14476 eq. 12), cispo (arXiv 2506.13585 eq. 4), vespo (arXiv 2602.10693): 1/Σ|o_i|, over the generation batch.
 * - dr_grpo (arXiv 2503.20783): 1/(R · longest length allowed), a constant, which takes the length bias out.
 * - luspo (arXiv 2602.05261): 1/R, each completion's loss times its length.
 *
 * @param length tokens of the completion
 * @param maxCompletionLength the length limit of sampling
 */
export function tokenWeight(type: LossType, length: number, totals: StepTotals, maxCompletionLength: number): number {
  switch (type) {
    case 'grpo':
    case 'sapo':
    case 'gmpo':
      return 1 / (totals.completions * length);
    case 'bnpo':
      return 1 / totals.tokens;
    case 'dapo':
    case 'cispo':
    case 'vespo':
      return 1 / totals.averageTokens;
    case 'dr_grpo':
      return 1 / (totals.completions * maxCompletionLength);
    case 'luspo':
      return 1 / totals.completions;
  }
}
