/** The runs of the database, as the interfaces ask for them. */
import type { RunDetail, RunSummary } from '../contract/run.ts';
import type { Store } from '../store/interfaces.ts';

export interface RunServices {
  /** All runs, newest first. */
  listRuns(): RunSummary[];
  /** @throws StudioError run_not_found */
  getRun(idOrName: string): RunDetail;
}

export function createServices({ store }: { store: Pick<Store, 'reader'> }): RunServices {
  return {
    listRuns: () => store.reader.listRuns(),
    getRun: (idOrName) => store.reader.resolveRun(idOrName),
  };
}
