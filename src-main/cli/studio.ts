/** Puts the rooms together for one command: the data directory, the database, and a run manager whose engine is a child process. */
import type { BackendName, SamplingConfig } from '../contract/config.ts';
import type { BackendChoice } from '../engine/tensor/backend.ts';
import type { PolicySession } from '../engine/session.ts';
import { createForkLauncher } from '../runs/fork-launcher.ts';
import { createRunManager, type RunManager } from '../runs/run-manager.ts';
import { databasePath, resolveDataDirectory } from '../services/data-directory.ts';
import { openModelLibrary, type ModelLibrary } from '../services/models/library.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/interfaces.ts';

/** What the command line takes from the engine room; the tests hand in a small one of their own. */
export interface EngineParts {
  /** The module that the engine process of a run executes. */
  entry: string;
  /** Loads a checkpoint folder into this process, for `eval` and `sample`. */
  openPolicy(folder: string, backend: BackendName): Promise<PolicySession>;
  /** Chooses the tensor backend of this process, for `doctor`. */
  selectBackend(requested: BackendName): Promise<BackendChoice>;
}

export interface Studio {
  dataDirectory: string;
  store: Store;
  runs: RunManager;
  models: ModelLibrary;
  /** A command line on the same data folder, for a person to copy. */
  commandLine(words: string): string;
  close(): Promise<void>;
}

export function openStudio(dataDirFlag: string | undefined, engine: EngineParts): Studio {
  const dataDirectory = resolveDataDirectory({ flag: dataDirFlag });
  const store = openStore(databasePath(dataDirectory));
  const runs = createRunManager({ store, dataDirectory, launchEngine: createForkLauncher({ entry: engine.entry }) });
  return {
    dataDirectory,
    store,
    runs,
    models: openModelLibrary({ dataDirectory, reader: store.reader }),
    commandLine(words) {
      // npm sets npm_command for `npm run` and `npx`, where the command is not on the PATH.
      const program = process.env['npm_command'] ? 'npx grpo-studio' : 'grpo-studio';
      const folder = dataDirFlag === undefined ? '' : ` --data-dir ${JSON.stringify(dataDirFlag)}`;
      return `${program} ${words}${folder}`;
    },
    async close() {
      await runs.close();
      store.close();
    },
  };
}

/** The sampling settings among others. */
export function samplingOf(config: SamplingConfig): SamplingConfig {
  const { max_completion_length, min_completion_length, temperature, top_k, top_p, min_p, repetition_penalty, stop } =
    config;
  return {
    max_completion_length,
    min_completion_length,
    temperature,
    top_k,
    top_p,
    min_p,
    repetition_penalty,
    stop,
  };
}
