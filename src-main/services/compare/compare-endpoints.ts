/** Comparisons, as the interfaces ask for them. */
import type { Endpoints } from '../../contract/api.ts';
import type { CompareOutputs } from '../../contract/api/compare.ts';
import type { StudioContext } from '../studio-context.ts';
import { compareRunEvaluations, compareRuns, listEvaluationDifferences } from './compare-runs.ts';
import { readCurves } from './metric-curves.ts';
import { listSharedPrompts, readPromptCompletions } from './shared-prompts.ts';

export function compareEndpoints({ store: { reader } }: StudioContext): Endpoints<keyof CompareOutputs> {
  const stored = (ids: readonly string[]) => [...new Set(ids)].map((id) => reader.getRun(id));
  return {
    'compare-runs': ({ runs }) => compareRuns(reader, runs),
    'compare-metrics': ({ runs, ...options }) =>
      Object.fromEntries(stored(runs).map((run) => [run.id, readCurves(reader, run, options)])),
    'list-shared-prompts': ({ runs, search }) => listSharedPrompts(reader, stored(runs), search),
    'read-prompt-completions': ({ runs, row, step }) => readPromptCompletions(reader, stored(runs), row, step),
    'compare-evaluations': ({ runs, ...choice }) => compareRunEvaluations(reader, runs, choice),
    'list-evaluation-differences': ({ first, second, measure, limit }) =>
      listEvaluationDifferences(reader, first, second, measure).slice(0, limit),
  };
}
