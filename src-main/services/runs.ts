/** Runs, as the interfaces ask for them. */
import type { Endpoints } from '../contract/api.ts';
import type { RunActivity, RunOutputs } from '../contract/api/runs.ts';
import type { EngineEvent } from '../contract/engine.ts';
import type { StudioContext } from './studio-context.ts';

export function runEndpoints({ store }: StudioContext): Endpoints<keyof RunOutputs> {
  return {
    'list-runs': () => store.reader.listRuns(),
    'read-run': ({ run }) => store.reader.getRun(run),
  };
}

/** The part of an engine's event that the pages are told. */
export function runActivity(run: string, event: EngineEvent): RunActivity {
  if (event.type !== 'step' && event.type !== 'evaluation') return { run, event };
  const { step, metrics } = event.record;
  return { run, event: { type: event.type, step, metrics } };
}
