/** The studio itself, as the page of settings asks for it. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import packageFile from '../../../package.json' with { type: 'json' };
import type { Endpoints } from '../../contract/api.ts';
import type { SettingsOutputs, Waste } from '../../contract/api/settings.ts';
import { StudioError } from '../../contract/errors.ts';
import type { StudioContext } from '../studio-context.ts';
import { probeBackends } from './probe-backends.ts';
import { readStorage } from './storage.ts';
import { cleanUp } from './waste.ts';

export function settingsEndpoints(context: StudioContext): Endpoints<keyof SettingsOutputs> {
  const { dataDirectory, store, jobs, launchEngine } = context;

  /** A job may be reading a file that was sent, or have its download's folder. */
  function requireNoJob(waste: Waste): void {
    const job = jobs.list().find(({ state }) => state === 'running');
    if (job === undefined || waste === 'checkpoints') return;
    throw new StudioError('run_state', `“${job.title}” goes on and may need these files. Wait for it, or cancel it.`);
  }

  return {
    'read-system': () => ({
      version: packageFile.version,
      licence: packageFile.license,
      node: process.versions.node,
      electron: process.versions['electron'] ?? null,
      platform: `${process.platform} ${process.arch}`,
      cores: availableParallelism(),
      processor: cpus()[0]?.model.trim() ?? '',
      memory: { total: totalmem(), available: process.availableMemory() },
      dataDirectory,
    }),
    'probe-backends': (_input, signal) => probeBackends(launchEngine, signal),
    'read-storage': () => readStorage(dataDirectory, store.reader),
    'check-database': () => {
      store.check();
      return { runs: store.reader.listRuns().length };
    },
    'clean-up': ({ waste }) => {
      requireNoJob(waste);
      return cleanUp(dataDirectory, store.reader, waste);
    },
  };
}
