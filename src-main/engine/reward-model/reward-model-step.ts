/** One step of reward-model training, and held-out evaluation: Bradley–Terry loss on ranked rows, squared error on scored ones. */
import * as tf from '@tensorflow/tfjs-core';
import type { RewardModelConfig } from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { EvaluationRecord } from '../../contract/engine.ts';
import {
  rankingLoss,
  rankingMetrics,
  regressionLoss,
  scoreRange,
  type ScoreLoss,
} from '../../grpo/reward-model-loss.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { withDropout } from '../model/lora.ts';
import type { TokenGroup } from '../model/packed-batch.ts';
import { accumulate, lossGradients, microBatches } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import type { Gradients, Optimizer } from '../train/optimizer.ts';
import { forTraining } from '../train/recomputation.ts';
import { exampleKind, tokenizeExample, type ExampleKind } from './examples.ts';
import type { TrainableRewardModel } from './reward-model.ts';
import { packSequences, scoreTokens, sequenceScores } from './sequence-scores.ts';

export interface RewardModelTrainer {
  config: RewardModelConfig;
  policy: TrainableRewardModel;
  tokenizer: Tokenizer;
  optimizer: Optimizer;
}

/** Rows scored together at evaluation. */
const BATCH_ROWS = 64;

interface Example extends TokenGroup {
  /** The score to learn; of a ranked row NaN. */
  target: number;
}

/** @returns the step's metrics, of the scores before its update; `num_input_tokens` counts a prompt once for each completion, as TRL does */
export function rewardModelStep(
  trainer: RewardModelTrainer,
  rows: readonly DatasetRow[],
  learningRate: number,
): Record<string, number> {
  const { config, policy, optimizer } = trainer;
  const start = performance.now();
  const kind = exampleKind(rows);
  const examples = toExamples(trainer, rows, kind);
  let gradients: Gradients | null = null;
  let loss = 0;
  let recomputedTokens = 0;
  const scores: number[] = [];
  for (const [i, part] of microBatches(examples, config.gradient_accumulation_steps).entries()) {
    const batch = packSequences(part, policy.config.padTokenId);
    const dropping = withDropout(policy, config.seed, optimizer.updates, i);
    const training = forTraining(dropping, config.gradient_checkpointing, batch.tokens.length);
    if (training.recomputes) recomputedTokens += batch.tokens.length;
    const forward = (): tf.Scalar =>
      hostLoss(sequenceScores(training, batch), (values) => {
        const result = scoreLoss(kind, values, part, examples.length);
        loss += result.loss;
        scores.push(...values);
        return result;
      });
    gradients = accumulate(gradients, lossGradients(policy, forward));
  }
  const gradientNorm = optimizer.apply(gradients as Gradients, learningRate);
  tf.dispose(gradients as Gradients);
  const seconds = (performance.now() - start) / 1000;
  const tokens = countTokens(examples);
  return {
    loss,
    ...scoreMetrics(kind, scores),
    grad_norm: gradientNorm,
    learning_rate: learningRate,
    num_input_tokens: tokens,
    'memory/recomputed_tokens': recomputedTokens,
    'tokens_per_second/update': tokens / seconds,
    step_time: seconds,
  };
}

/**
 * Held-out loss, accuracy and margin. It writes nothing, so the record has no samples.
 *
 * @param step steps taken so far, noted in the record
 */
export function evaluateRewardModel(
  trainer: Pick<RewardModelTrainer, 'policy' | 'tokenizer'>,
  rows: readonly DatasetRow[],
  step: number,
): EvaluationRecord {
  const kind = exampleKind(rows);
  const examples = toExamples(trainer, rows, kind);
  const scores: number[] = [];
  for (let start = 0; start < examples.length; start += BATCH_ROWS) {
    scores.push(...scoreTokens(trainer.policy, examples.slice(start, start + BATCH_ROWS)));
  }
  const { loss } = scoreLoss(kind, scores, examples, examples.length);
  return { step, metrics: { loss, ...scoreMetrics(kind, scores) }, samples: [] };
}

function toExamples(
  { policy, tokenizer }: Pick<RewardModelTrainer, 'policy' | 'tokenizer'>,
  rows: readonly DatasetRow[],
  kind: ExampleKind,
): Example[] {
  return rows.map((row) => ({
    ...tokenizeExample(row, kind, tokenizer, policy.config),
    target: kind === 'scored' ? (row.columns.score as number) : NaN,
  }));
}

/** @param total rows of the whole batch, which `examples` are a micro-batch of */
function scoreLoss(
  kind: ExampleKind,
  scores: ArrayLike<number>,
  examples: readonly Example[],
  total: number,
): ScoreLoss {
  if (kind === 'ranked') return rankingLoss(scores, total);
  return regressionLoss(
    scores,
    examples.map(({ target }) => target),
    total,
  );
}

function scoreMetrics(kind: ExampleKind, scores: readonly number[]): Record<string, number> {
  return { ...(kind === 'ranked' && rankingMetrics(scores)), ...scoreRange(scores) };
}

function countTokens(examples: readonly Example[]): number {
  let count = 0;
  for (const { promptTokens, completions } of examples) {
    for (const completion of completions) count += promptTokens.length + completion.length;
  }
  return count;
}
