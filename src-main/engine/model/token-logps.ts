/** Log-probs and entropies of completion tokens under a policy, over a packed batch. */
import * as tf from '@tensorflow/tfjs-core';
import { headWeight, hiddenStates, logitsInput } from './decoder.ts';
import type { Policy } from './policy.ts';
import { attention } from '../tensor/ops/attention.ts';
import { embedding } from '../tensor/ops/embedding.ts';
import { selectiveLogSoftmax } from '../tensor/ops/selective-log-softmax.ts';
import type { PackedBatch } from './packed-batch.ts';

/**
 * Differentiable with respect to the policy's weights.
 *
 * @param temperature divides the logits, as in sampling
 * @returns log-probs [M] and entropies [M] in nats of the batch's `targets`
 */
export function tokenLogps(
  policy: Policy,
  batch: PackedBatch,
  temperature: number,
): { logps: tf.Tensor1D; entropies: tf.Tensor1D } {
  const { config, weights } = policy;
  const shape = { headDim: config.headDim, scale: 1 / Math.sqrt(config.headDim) };
  const longest = batch.positions.reduce((longest, position) => Math.max(longest, position), 0);
  const hidden = hiddenStates(
    config,
    weights,
    policy.rope(longest + 1),
    batch.tokens,
    batch.positions,
    (_layer, query, key, value) => attention(query, key, value, batch.segments, shape),
  ); // [N, H]
  const predicting = logitsInput(config, weights, embedding(hidden, batch.predictors)); // [M, H]
  return selectiveLogSoftmax(predicting, headWeight(config, weights), batch.targets, temperature);
}

/** The same as plain arrays, without a gradient. */
export function evaluateTokenLogps(policy: Policy, batch: PackedBatch, temperature: number): Float32Array {
  return tf.tidy(() => tokenLogps(policy, batch, temperature).logps.dataSync() as Float32Array);
}
