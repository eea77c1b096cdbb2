/** Counts what tensors hold, so that a leak shows as a number that grows. */
import * as tf from '@tensorflow/tfjs-core';
import { nativeBackend } from './native-backend.ts';

export interface MemoryAudit {
  tensors: number;
  /** Bytes of the values of all live tensors. */
  tensorBytes: number;
  /** Bytes that the native backend's pool has handed out and keeps waiting; 0 on another backend. */
  poolBytes: number;
  /** The part of `poolBytes` that tensors hold now. */
  poolUsedBytes: number;
}

/** What lives now, on the current backend. */
export function memoryAudit(): MemoryAudit {
  const { numTensors, numBytes } = tf.memory();
  const pool = tf.getBackend() === 'native' ? nativeBackend()?.poolStats() : undefined;
  return {
    tensors: numTensors,
    tensorBytes: numBytes,
    poolBytes: pool ? pool.usedBytes + pool.freeBytes : 0,
    poolUsedBytes: pool?.usedBytes ?? 0,
  };
}
