/** What the services work with; a host puts it together once. */
import type { EngineLauncher } from '../runs/engine-launcher.ts';
import type { RunManager } from '../runs/run-manager.ts';
import type { Store } from '../store/interfaces.ts';
import type { Jobs } from './jobs.ts';
import type { ModelLibrary } from './models/library.ts';
import type { Playground } from './playground/playground.ts';

export interface StudioContext {
  /** Absolute path of the folder with the database, the runs, the models and the datasets. */
  dataDirectory: string;
  store: Store;
  runs: RunManager;
  jobs: Jobs;
  models: ModelLibrary;
  /** Starts an engine process, for what is no run. */
  launchEngine: EngineLauncher;
  playground: Playground;
}
