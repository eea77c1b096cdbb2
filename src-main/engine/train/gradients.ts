/** Gradients of a loss with respect to the parameters of a policy, and how they add up over the micro-batches of a step. */
import * as tf from '@tensorflow/tfjs-core';
import { ACTIVATION_BYTES } from '../../contract/memory-limits.ts';
import { canFuseLayers } from '../model/fused-layer.ts';
import { parameterCount, type Policy, type TrainablePolicy } from '../model/policy.ts';
import { withEarlyRelease } from './early-release.ts';
import type { Gradients } from './optimizer.ts';

/** Runs `loss` and its backward pass. The caller disposes the gradients. */
export function lossGradients({ parameters }: Pick<TrainablePolicy, 'parameters'>, loss: () => tf.Scalar): Gradients {
  const names = Object.keys(parameters);
  const { value, grads } = withEarlyRelease(() => tf.valueAndGrads(loss)(names.map((name) => parameters[name])));
  value.dispose();
  return Object.fromEntries(names.map((name, i) => [name, grads[i]]));
}

/** The gradients of a loss that depends on no parameter. The caller disposes them. */
export function zeroGradients({ parameters }: Pick<TrainablePolicy, 'parameters'>): Gradients {
  return Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, tf.zerosLike(parameter)]));
}

/**
 * In how many parts a batch of `tokens` passes through a model, so that what the backward pass needs of each stays small: below
 * `ACTIVATION_BYTES`, or the size of the model itself where that is more.
 */
export function partsForMemory(policy: Policy, tokens: number): number {
  const budget = Math.max(ACTIVATION_BYTES, 4 * parameterCount(policy));
  return Math.max(1, Math.ceil(activationBytes(policy, tokens) / budget));
}

/** Bytes that all layers keep of `tokens` for their gradients, unless they are computed again. */
export function activationBytes(policy: Policy, tokens: number): number {
  const { layers, hiddenSize, intermediateSize, heads, keyValueHeads, headDim } = policy.config;
  const projected = (2 * heads + 2 * keyValueHeads) * headDim;
  const fused = canFuseLayers(policy, policy.rope(1));
  const floats = projected + (fused ? 2 * (hiddenSize + intermediateSize) : 4 * hiddenSize + 3 * intermediateSize); // of a token and layer
  return 4 * tokens * (layers * floats + (fused ? adapterRanks(policy) : 0));
}

/** Floats of a token that the low-rank updates of all layers reduce their inputs to. */
function adapterRanks({ adapter }: Policy): number {
  const downs = Object.entries(adapter?.weights ?? {}).filter(([name]) => name.endsWith('.lora_A.weight'));
  return downs.reduce((sum, [, { shape }]) => sum + shape[0], 0);
}

/** Cuts a batch into at most `parts` micro-batches of about the same size; none is empty. */
export function microBatches<T>(items: readonly T[], parts: number): T[][] {
  const count = Math.min(parts, items.length);
  const border = (part: number): number => Math.floor((part * items.length) / count);
  return Array.from({ length: count }, (_, part) => items.slice(border(part), border(part + 1)));
}

/** Adds `gradients` to `total` and disposes both; the first micro-batch has no total yet. */
export function accumulate(total: Gradients | null, gradients: Gradients): Gradients {
  if (total === null) return gradients;
  const sum: Gradients = {};
  for (const name of Object.keys(gradients)) {
    sum[name] = tf.add(total[name], gradients[name]);
    tf.dispose([total[name], gradients[name]]);
  }
  return sum;
}
