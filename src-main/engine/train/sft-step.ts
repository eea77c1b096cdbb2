/** One step of supervised fine-tuning: cross-entropy of given completions, with the end token as the last one to learn. */
import * as tf from '@tensorflow/tfjs-core';
import type { SftConfig } from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import { StudioError } from '../../contract/errors.ts';
import { sftLoss } from '../../grpo/sft-loss.ts';
import { emptyTally, record, tallyMean } from '../../grpo/tally.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { withDropout } from '../model/lora.ts';
import { packGroups, type TokenGroup } from '../model/packed-batch.ts';
import type { TrainablePolicy } from '../model/policy.ts';
import { tokenLogps } from '../model/token-logps.ts';
import { accumulate, lossGradients, microBatches } from './gradients.ts';
import { hostLoss } from './host-loss.ts';
import type { Gradients, Optimizer } from './optimizer.ts';
import { forTraining } from './recomputation.ts';

export interface SftTrainer {
  config: SftConfig;
  policy: TrainablePolicy;
  tokenizer: Tokenizer;
  optimizer: Optimizer;
}

/** @returns the step's metrics; `loss` is in nats a token */
export function sftStep(
  trainer: SftTrainer,
  rows: readonly DatasetRow[],
  learningRate: number,
): Record<string, number> {
  const { config, policy, optimizer } = trainer;
  const start = performance.now();
  const examples = rows.map((row) => toExample(trainer, row));
  const totalTokens = examples.reduce((total, { completions }) => total + completions[0].length, 0);
  let gradients: Gradients | null = null;
  let loss = 0;
  let recomputedTokens = 0;
  const entropies = emptyTally();
  for (const [i, part] of microBatches(examples, config.gradient_accumulation_steps).entries()) {
    const batch = packGroups(part);
    const dropping = withDropout(policy, config.seed, optimizer.updates, i);
    const training = forTraining(dropping, config.gradient_checkpointing, batch.tokens.length);
    if (training.recomputes) recomputedTokens += batch.tokens.length;
    const forward = (): tf.Scalar => {
      const output = tokenLogps(training, batch, 1);
      for (const entropy of output.entropies.dataSync()) record(entropies, entropy);
      return hostLoss(output.logps, (logps) => {
        const result = sftLoss(logps, totalTokens);
        loss += result.loss;
        return result;
      });
    };
    gradients = accumulate(gradients, lossGradients(policy, forward));
  }
  const gradientNorm = optimizer.apply(gradients as Gradients, learningRate);
  tf.dispose(gradients as Gradients);
  const seconds = (performance.now() - start) / 1000;
  return {
    loss,
    entropy: tallyMean(entropies),
    grad_norm: gradientNorm,
    learning_rate: learningRate,
    completion_tokens: totalTokens,
    'memory/recomputed_tokens': recomputedTokens,
    'tokens_per_second/update': totalTokens / seconds,
    step_time: seconds,
  };
}

function toExample({ config, policy, tokenizer }: SftTrainer, row: DatasetRow): TokenGroup {
  const { tokens: promptTokens } = tokenizer.encodePrompt(row.prompt);
  const text = row.columns[config.completion_column];
  if (typeof text !== 'string') {
    throw new StudioError(
      'dataset_invalid',
      `row ${row.index} has no text in its column ${config.completion_column} to learn from`,
      {
        field: config.completion_column,
      },
    );
  }
  const completion = [...tokenizer.encode(text), ...tokenizer.eosTokenIds.slice(0, 1)];
  if (promptTokens.length + completion.length > policy.config.maxPositions) {
    throw new StudioError(
      'dataset_invalid',
      `row ${row.index} has ${promptTokens.length + completion.length} tokens, more than the model's context of ${policy.config.maxPositions}; shorten or drop it`,
      { field: config.completion_column },
    );
  }
  return { promptTokens, completions: [completion] };
}
