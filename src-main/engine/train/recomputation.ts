/** When the layers of a policy are computed again for their gradients: as the config says, or where memory is short. */
import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../contract/config.ts';
import { canFuseLayers } from '../model/fused-layer.ts';
import type { Policy, TrainablePolicy } from '../model/policy.ts';
import { nativeBackend } from '../tensor/native-backend.ts';
import { keptLogits } from '../tensor/ops/selective-log-softmax.ts';
import { activationBytes } from './gradients.ts';

/** What the two passes over a batch take for each byte that the layers keep. */
const PASSES = 1.4;

/** Floats that the two products of an adapter add for each one that the adapted layer gives; where kernels compute whole layers, none. */
const ADAPTER_OUTPUTS = 2.6;

/** Sets of gradients that live at once while those of micro-batches are added up. */
const GRADIENT_SETS = 3;

/**
 * The policy as it trains on a batch of `tokens`. What it computes does not depend on `setting`, bit for bit.
 *
 * @param free bytes that the process can still take
 */
export function forTraining<P extends TrainablePolicy>(
  policy: P,
  setting: RunConfig['config']['gradient_checkpointing'],
  tokens: number,
  free: number = freeBytes(),
): P {
  const trained = Object.values(policy.parameters).reduce((total, { size }) => total + size, 0);
  const ofTokens = PASSES * activationBytes(policy, tokens) + 4 * tokens * adapterFloats(policy);
  const logits = 4 * keptLogits(tokens, policy.config.vocabSize);
  const needed = ofTokens + logits + GRADIENT_SETS * 4 * trained;
  return { ...policy, recomputes: setting === 'auto' ? needed > free : setting };
}

/** Floats of a token that an adapter keeps in all layers: its products, and of inputs that are dropped the masks and what they leave. */
function adapterFloats(policy: Policy): number {
  if (policy.adapter === null || canFuseLayers(policy, policy.rope(1))) return 0;
  const { weights, dropoutOf } = policy.adapter;
  let floats = 0;
  for (const [name, { shape }] of Object.entries(weights)) {
    if (name.endsWith('.lora_B.weight')) floats += ADAPTER_OUTPUTS * shape[0];
    else if (dropoutOf !== null) floats += 2 * (shape[1] as number);
  }
  return floats;
}

/** What the machine, or the container, can give; and what the backend keeps for tensors to come. */
function freeBytes(): number {
  const pool = tf.getBackend() === 'native' ? nativeBackend()?.poolStats() : undefined;
  return process.availableMemory() + (pool?.freeBytes ?? 0);
}
