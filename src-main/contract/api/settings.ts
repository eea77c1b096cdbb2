/** The studio itself: what it runs on, where it keeps things and how much of the disk they take. */
import { z } from 'zod';
import type { BackendReport } from '../engine.ts';

/** What can be cleaned up: files that nothing needs any more. */
const waste = z.enum(['uploads', 'downloads', 'checkpoints']);
export type Waste = z.infer<typeof waste>;

export const settingsInputs = {
  'read-system': z.null(),
  'probe-backends': z.null(),
  'read-storage': z.null(),
  'check-database': z.null(),
  'clean-up': z.strictObject({ waste }),
} as const;

export interface SettingsOutputs {
  'read-system': SystemFacts;
  /** Starts an engine process and asks it. @throws backend_unavailable, engine_crashed when it ends without an answer */
  'probe-backends': BackendReport;
  'read-storage': StorageReport;
  /** Reads the whole database, which can take seconds. @throws store_failed naming the first fault */
  'check-database': { runs: number };
  /** Deletes what `read-storage` lists under this name. */
  'clean-up': CleanedUp;
}

export interface SystemFacts {
  version: string;
  licence: string;
  node: string;
  /** null where the studio is served to a browser. */
  electron: string | null;
  /** `linux x64` */
  platform: string;
  cores: number;
  processor: string;
  /** Bytes of memory: all of it, and what a new process could take now. */
  memory: { total: number; available: number };
  dataDirectory: string;
}

export type StorageKind =
  'database' | 'checkpoints' | 'runs' | 'models' | 'datasets' | 'uploads' | 'downloads' | 'others';

export interface StorageReport {
  /** Bytes by what takes them; `runs` without their checkpoints, `models` without linked ones. */
  kinds: { kind: StorageKind; bytes: number }[];
  total: number;
  /** Bytes that the disk of the data folder has left. */
  free: number;
  waste: Record<Waste, { bytes: number; count: number }>;
}

export interface CleanedUp {
  bytes: number;
  count: number;
}
