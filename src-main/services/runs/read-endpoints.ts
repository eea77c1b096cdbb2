/** What the interfaces read of runs. */
import type { Endpoints } from '../../contract/api.ts';
import type { LatestGroups, MetricSeries, RunOutputs } from '../../contract/api/runs.ts';
import { listCheckpoints } from '../../runs/checkpoints.ts';
import type { StoreReader } from '../../store/interfaces.ts';
import { explainRun } from '../explain/explain-run.ts';
import type { StudioContext } from '../studio-context.ts';
import { stepInWords } from './step-in-words.ts';

type ReadName =
  | 'list-runs'
  | 'read-run'
  | 'list-metric-names'
  | 'read-metrics'
  | 'list-run-events'
  | 'list-evaluations'
  | 'read-evaluation'
  | 'list-checkpoints'
  | 'read-latest-groups'
  | 'explain-run';

export function readEndpoints({ store: { reader }, runs }: StudioContext): Endpoints<ReadName & keyof RunOutputs> {
  return {
    'list-runs': () => {
      runs.interruptDead();
      return reader.listRuns();
    },
    'read-run': ({ run }) => {
      runs.interruptDead();
      return { ...reader.getRun(run), drivenHere: runs.live().includes(run) };
    },
    'list-metric-names': ({ run }) => reader.listMetricNames(reader.getRun(run).id),
    'read-metrics': ({ run, names, ...part }) => {
      const series = names.map((name): [string, MetricSeries] => {
        const points = reader.getThinSeries(run, name, part);
        return [name, { steps: points.map(({ step }) => step), values: points.map(({ value }) => value) }];
      });
      return Object.fromEntries(series.filter(([, { steps }]) => steps.length > 0));
    },
    'list-run-events': ({ run, after }) => reader.listEvents(reader.getRun(run).id, after),
    'list-evaluations': ({ run }) => reader.listEvaluations(reader.getRun(run).id),
    'read-evaluation': ({ run, step }) => {
      const evaluation = reader.getEvaluation(run, step);
      if (evaluation === null) return null;
      return {
        ...evaluation,
        samples: evaluation.samples.map(({ tokens, ...sample }) => ({ ...sample, length: tokens.length })),
      };
    },
    'list-checkpoints': ({ run }) => {
      const kept = new Set(listCheckpoints(reader.getRun(run).directory).map(({ path }) => path));
      return reader.listCheckpoints(run).map((checkpoint) => ({ ...checkpoint, kept: kept.has(checkpoint.path) }));
    },
    'read-latest-groups': ({ run, limit }) => latestGroups(reader, run, limit),
    'explain-run': async ({ run, step }) => stepInWords(await explainRun(reader, run, step)),
  };
}

function latestGroups(reader: StoreReader, run: string, limit: number): LatestGroups | null {
  const { step } = reader.getRun(run);
  const groups = reader.listGroups(run, step);
  if (groups.length === 0) return null;
  return {
    step,
    total: groups.length,
    groups: groups.slice(0, limit).map(({ id, row, prompt }) => ({
      row,
      prompt,
      completions: reader
        .listCompletions(id)
        .map(({ text, tokens, finishReason, reward, advantage, scores }) => ({
          text,
          length: tokens.length,
          finishReason,
          reward,
          advantage,
          scores,
        }))
        .sort((first, second) => second.advantage - first.advantage),
    })),
  };
}
