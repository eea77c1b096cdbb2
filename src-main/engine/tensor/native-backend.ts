/**
 * The tfjs backend `native`: every kernel of the JavaScript CPU backend under this name, so that nothing is missing, and C++
 * kernels on the same typed arrays for the hot ones. This file probes and registers it.
 */
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { StudioError } from '../../contract/errors.ts';
import type { BackendProbe } from './backend-probe.ts';
import { loadAddon } from './native-addon.ts';
import { NativeBackend } from './native-data.ts';
import { registerNativeKernels } from './native-kernels.ts';

const NAME = 'native';

/** The registered native backend, or null before `activate`. */
export function nativeBackend(): NativeBackend | null {
  return tf.findBackend(NAME) as NativeBackend | null;
}

/** Whether the addon loads here, and on what it computes. */
export async function probe(): Promise<BackendProbe> {
  try {
    const addon = loadAddon();
    const threads = threadCount();
    const device = `${addon.isa()}, ${threads} thread${threads === 1 ? '' : 's'}`;
    return { name: NAME, available: true, device, why: `The C++ kernels load and use ${device}.` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name: NAME, available: false, device: null, why };
  }
}

/** Registers the backend `native` and its kernels with tfjs, once, and sets its thread count. */
export async function activate(): Promise<void> {
  const addon = loadAddon();
  addon.setThreads(threadCount());
  if (tf.findBackendFactory(NAME)) return;
  tf.registerBackend(NAME, () => new NativeBackend());
  tf.copyRegisteredKernels('cpu', NAME);
  registerNativeKernels(addon);
}

/** Threads to compute with: GRPO_STUDIO_THREADS, else as many as the machine runs at once. */
function threadCount(): number {
  const text = process.env['GRPO_STUDIO_THREADS'];
  if (text === undefined || text === '') return availableParallelism();
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new StudioError('config_invalid', `GRPO_STUDIO_THREADS must be a whole number of at least 1, not "${text}".`);
  }
  return count;
}
