/** Scores of whole texts under a reward model, over a packed batch: each prompt once, then the completions that continue it. */
import * as tf from '@tensorflow/tfjs-core';
import { SCORE_WEIGHT } from '../../checkpoint/adapter-shapes.ts';
import { logitsInput } from '../model/decoder.ts';
import type { TokenGroup } from '../model/packed-batch.ts';
import { packedHiddenStates, type PackedTokens } from '../model/token-logps.ts';
import { embedding } from '../tensor/ops/embedding.ts';
import { linear } from '../tensor/ops/linear.ts';
import { valuesOf } from '../tensor/values-of.ts';
import { segmentPositions, segmentsOfGroups } from '../tensor/ops/segments.ts';
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
  const segments = segmentsOfGroups(
    groups.map(({ promptTokens, completions }) => ({
      promptLength: promptTokens.length,
      completionLengths: completions.map(({ length }) => length),
    })),
  );
  const tokens: number[] = [];
  const scored: number[] = [];
  const append = (text: ArrayLike<number>): number | null => {
    let last: number | null = null;
    for (let t = 0; t < text.length; t++) {
      if (text[t] !== padTokenId) last = tokens.length;
      tokens.push(text[t]);
    }
    return last;
  };
  for (const { promptTokens, completions } of groups) {
    const start = tokens.length;
    const lastOfPrompt = append(promptTokens);
    for (const completion of completions) scored.push(append(completion) ?? lastOfPrompt ?? start);
  }
  return {
    tokens: Int32Array.from(tokens),
    positions: segmentPositions(segments),
    segments,
    scored: Int32Array.from(scored),
  };
}

/**
 * Head · hidden state at each scored row. Differentiable with respect to the model's weights.
 *
 * @returns scores [R], group after group
 */
export function sequenceScores(model: RewardModel, batch: ScoreBatch): tf.Tensor1D {
  const hidden = packedHiddenStates(model, batch); // [N, H]
  const last = logitsInput(model, embedding(hidden, batch.scored)); // [R, H]
  return tf.reshape(linear(last, model.weights[SCORE_WEIGHT] as tf.Tensor2D), [-1]); // [R]
}

/** The same from token ids and as a plain array, without a gradient. */
export function scoreTokens(model: RewardModel, groups: readonly TokenGroup[]): Float32Array {
  const batch = packSequences(groups, model.config.padTokenId);
  return valuesOf(() => sequenceScores(model, batch));
}
