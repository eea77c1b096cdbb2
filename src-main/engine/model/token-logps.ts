/** Log-probs and entropies of completion tokens under a policy, over a packed batch. */
import * as tf from '@tensorflow/tfjs-core';
import { headWeight, hiddenStates, logitsInput } from './decoder.ts';
import type { Policy } from './policy.ts';
import { attention } from '../tensor/ops/attention.ts';
import { embedding } from '../tensor/ops/embedding.ts';
import { selectiveLogSoftmax } from '../tensor/ops/selective-log-softmax.ts';
import type { PackedBatch } from './packed-batch.ts';

/** The part of a packed batch that the decoder reads. */
export type PackedTokens = Pick<PackedBatch, 'tokens' | 'positions' | 'segments'>;

/**
 * Differentiable with respect to the policy's parameters.
 *
 * @param temperature divides the logits, as in sampling
 * @returns log-probs [M] and entropies [M] in nats of the batch's `targets`
 */
export function tokenLogps(
  policy: Policy,
  batch: PackedBatch,
  temperature: number,
): { logps: tf.Tensor1D; entropies: tf.Tensor1D } {
  const hidden = packedHiddenStates(policy, batch); // [N, H]
  const predicting = logitsInput(policy, embedding(hidden, batch.predictors)); // [M, H]
  return selectiveLogSoftmax(predicting, headWeight(policy), batch.targets, temperature);
}

/** The log-probs as a plain array, without a gradient. */
export function evaluateTokenLogps(policy: Policy, batch: PackedBatch, temperature: number): Float32Array {
  return tf.tidy(() => tokenLogps(policy, batch, temperature).logps.dataSync() as Float32Array);
}

/** The decoder's hidden states over a packed batch, before the last norm [N, H]. */
export function packedHiddenStates(policy: Policy, { tokens, positions, segments }: PackedTokens): tf.Tensor2D {
  const { config } = policy;
  const shape = { headDim: config.headDim, scale: 1 / Math.sqrt(config.headDim) };
  const longest = positions.reduce((longest, position) => Math.max(longest, position), 0);
  return hiddenStates(policy, policy.rope(longest + 1), tokens, positions, (_layer, query, key, value) =>
    attention(query, key, value, segments, shape),
  );
}
