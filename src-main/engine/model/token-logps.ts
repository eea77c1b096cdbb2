/** Log-probs and entropies of completion tokens under a policy, over a packed batch. */
import * as tf from '@tensorflow/tfjs-core';
import { valuesOf } from '../tensor/values-of.ts';
import { decoderLayer, headWeight, hiddenStates, logitsInput, type Attend, type RunLayer } from './decoder.ts';
import { canFuseLayers, fusedLayer, type TakeKeys } from './fused-layer.ts';
import type { Policy } from './policy.ts';
import { recomputedLayer } from './recomputed-layer.ts';
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
 * @returns log-probs [M] and entropies [M] in nats of the batch's completion tokens
 */
export function tokenLogps(
  policy: Policy,
  batch: PackedBatch,
  temperature: number,
): { logps: tf.Tensor1D; entropies: tf.Tensor1D } {
  const lengths = batch.rows.map((row) => batch.positions[row] + 2); // of the text up to the token predicted
  const hidden = packedHiddenStates(policy, batch, { rows: batch.rows, longest: largest(lengths) }); // [R, H]
  const predicting = embedding(logitsInput(policy, hidden), batch.predictors); // [P, H]
  const { logps, entropies } = selectiveLogSoftmax(
    predicting,
    headWeight(policy),
    batch.targets,
    temperature,
    policy.recomputes,
  ); // [P]
  const perToken = (values: tf.Tensor1D): tf.Tensor1D =>
    tf.reshape(embedding(tf.reshape(values, [-1, 1]), batch.predictions), [-1]);
  return { logps: perToken(logps), entropies: perToken(entropies) };
}

/** The log-probs as a plain array, without a gradient. */
export function evaluateTokenLogps(policy: Policy, batch: PackedBatch, temperature: number): Float32Array {
  return valuesOf(() => tokenLogps(policy, batch, temperature).logps);
}

export interface HiddenStatesOptions {
  /** The rows of [0, N) that are wanted [R]; all by default. */
  rows?: Int32Array;
  /** Length of the longest text, where that is more than what lies in the batch. */
  longest?: number;
  /** Sees every layer's keys and values. */
  takeKeys?: TakeKeys;
}

/** The decoder's hidden states over a packed batch, before the last norm [R, H]. */
export function packedHiddenStates(
  policy: Policy,
  { tokens, positions, segments }: PackedTokens,
  { rows, longest = 0, takeKeys }: HiddenStatesOptions = {},
): tf.Tensor2D {
  const tables = policy.rope(Math.max(longest, largest(positions) + 1));
  const fused = canFuseLayers(policy, tables);
  const isLast = (layer: number): boolean => layer + 1 === policy.config.layers;
  const run: RunLayer = (layer, input) => {
    const wanted = isLast(layer) ? rows : undefined;
    if (fused) return fusedLayer(policy, tables[0], layer, input, { positions, segments }, wanted, takeKeys);
    const attend: Attend = (query, key, value, options) => {
      takeKeys?.(layer, key, value);
      return attention(query, key, value, segments, options);
    };
    return decoderLayer(policy, tables, layer, input, positions, attend, wanted);
  };
  // What the last layer keeps would be there again as soon as the backward pass begins.
  const recomputes = (layer: number): boolean => policy.recomputes && !isLast(layer);
  return hiddenStates(policy, tokens, (layer, input) =>
    recomputes(layer) ? recomputedLayer(policy, layer, input, (again) => run(layer, again)) : run(layer, input),
  );
}

function largest(values: Int32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
