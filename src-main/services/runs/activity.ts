/** What the channel `runs` carries. */
import type { RunActivity } from '../../contract/api/runs.ts';
import type { EngineEvent } from '../../contract/engine.ts';

/** The part of an engine's event that the pages are told. */
export function runActivity(run: string, event: EngineEvent): RunActivity {
  if (event.type !== 'step' && event.type !== 'evaluation') return { run, event };
  const { step, metrics } = event.record;
  return { run, event: { type: event.type, step, metrics } };
}
