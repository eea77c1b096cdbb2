/** A step that learns from given texts or scores: its loss is a plain one, which should fall. */
import type { RunConfig } from '../../contract/config.ts';
import type { StepRecord } from '../../contract/engine.ts';
import type { SupervisedStepExplanation } from './types.ts';
import { number, percent } from '../../rewards/watchers/wording.ts';

type SupervisedRun = Exclude<RunConfig, { type: 'grpo' }>;

/** @param firstLoss loss of the run's first step; null when it was not recorded */
export function explainSupervised(
  { step, metrics }: StepRecord,
  { type, config }: SupervisedRun,
  firstLoss: number | null,
): SupervisedStepExplanation {
  const { loss = null, grad_norm: gradientNorm = null } = metrics;
  const sentences: string[] = [];
  if (loss === null) sentences.push('The run did not record its loss.');
  else {
    sentences.push(type === 'sft' ? textSentence(loss) : scoreSentence(loss, metrics['accuracy']));
    if (firstLoss !== null && step > 1) {
      sentences.push(`In step 1 it was ${number(firstLoss)}. Unlike the loss of GRPO it should fall.`);
    }
  }
  if (gradientNorm !== null) {
    const limit = config.max_grad_norm;
    const scaled = limit > 0 && gradientNorm > limit ? `, scaled down to max_grad_norm (${number(limit)})` : '';
    sentences.push(`The gradient's norm (its length, over all weights) was ${number(gradientNorm)}${scaled}.`);
  }
  return { type, step, loss, firstLoss, gradientNorm, sentences };
}

function textSentence(loss: number): string {
  return `The loss is ${number(loss)}, the mean of −log(probability) over the tokens of the given completions: the model gives the right next token a probability of ${percent(Math.exp(-loss))} (geometric mean).`;
}

/** @param accuracy share of pairs in the right order; undefined for rows with given scores */
function scoreSentence(loss: number, accuracy: number | undefined): string {
  return accuracy === undefined
    ? `The loss is ${number(loss)}, the mean squared difference between the scores of the model and the given ones.`
    : `The loss is ${number(loss)}, the mean of −log(probability) of the given order of each pair; guessing gives 0.693. The model scores ${percent(accuracy)} of the pairs in the right order.`;
}
