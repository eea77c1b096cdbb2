/** Scores of whole texts under a reward model, over a packed batch. */
import * as tf from '@tensorflow/tfjs-core';
import { SCORE_WEIGHT } from '../../checkpoint/adapter-shapes.ts';
import { logitsInput } from '../model/decoder.ts';
import type { TokenGroup } from '../model/packed-batch.ts';
import { TextTree } from '../model/text-tree.ts';
import { packedHiddenStates, type PackedTokens } from '../model/token-logps.ts';
import { linear } from '../tensor/ops/linear.ts';
import { valuesOf } from '../tensor/values-of.ts';
import type { RewardModel } from './reward-model.ts';

export interface ScoreBatch extends PackedTokens {
  /** Row of [0, N) whose hidden state is scored, for each completion [R]. */
  scored: Int32Array;
}

/**
 * @param padTokenId never scored at: as in transformers, a text's score is that of its last token that is none (its first
 *   token when there is no other), so the score of a text is the same in a padded batch
 */
export function packSequences(groups: readonly TokenGroup[], padTokenId: number | null): ScoreBatch {
  const tree = new TextTree();
  const scored: number[] = [];
  for (const { promptTokens, completions } of groups) {
    const prompt = tree.add(promptTokens);
    for (const completion of completions) {
      const text = [...Array.from(promptTokens), ...Array.from(completion)];
      const last = text.findLastIndex((token) => token !== padTokenId);
      scored.push(tree.add(completion, prompt).rows[Math.max(0, last)]);
    }
  }
  return { ...tree.pack(), scored: Int32Array.from(scored) };
}

/**
 * Head · hidden state at each scored row. Differentiable with respect to the model's weights.
 *
 * @returns scores [R], group after group
 */
export function sequenceScores(model: RewardModel, batch: ScoreBatch): tf.Tensor1D {
  const last = packedHiddenStates(model, batch, { rows: batch.scored }); // [R, H]
  return tf.reshape(linear(logitsInput(model, last), model.weights[SCORE_WEIGHT] as tf.Tensor2D), [-1]); // [R]
}

/** The same from token ids and as a plain array, without a gradient. */
export function scoreTokens(model: RewardModel, groups: readonly TokenGroup[]): Float32Array {
  const batch = packSequences(groups, model.config.padTokenId);
  return valuesOf(() => sequenceScores(model, batch));
}
