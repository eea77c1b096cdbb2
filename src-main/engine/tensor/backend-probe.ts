/** What a backend's module reports about itself: the type that `backend.ts` and every backend module share. */
import type { BackendName } from '../../contract/config.ts';

export type InstalledBackendName = Exclude<BackendName, 'auto'>;

/** What one backend's module found out about itself on this machine. */
export interface BackendProbe {
  name: InstalledBackendName;
  available: boolean;
  /** What it computes on, for people (`CUDA GPU: NVIDIA H200`); null when it is not available. */
  device: string | null;
  /** One sentence: why it is or is not available; after `selectBackend`, why it is or is not used. */
  why: string;
}
