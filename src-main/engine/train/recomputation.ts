/** When the layers of a policy are computed again for their gradients: as the config says, or where memory is short. */
import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../contract/config.ts';
import type { TrainablePolicy } from '../model/policy.ts';
import { nativeBackend } from '../tensor/native-backend.ts';
import { activationBytes } from './gradients.ts';

/** What the two passes over a batch take for each byte that the layers keep. */
const PASSES = 1.4;

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
  const needed = PASSES * activationBytes(policy, tokens) + GRADIENT_SETS * 4 * trained;
  return { ...policy, recomputes: setting === 'auto' ? needed > free : setting };
}

/** What the machine, or the container, can give; and what the backend keeps for tensors to come. */
function freeBytes(): number {
  const pool = tf.getBackend() === 'native' ? nativeBackend()?.poolStats() : undefined;
  return process.availableMemory() + (pool?.freeBytes ?? 0);
}
