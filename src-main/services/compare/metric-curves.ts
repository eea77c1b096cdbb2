/** Metrics of runs over an axis that makes them comparable: steps, tokens, samples, or the time spent. */
import type { CompareAxis, MetricCurve } from '../../contract/api/compare.ts';
import type { MetricPoint, StoredRun, StoreReader } from '../../store/interfaces.ts';

/** Metrics of evaluations go by names that begin so. */
const EVALUATION = 'eval/';

/** Names of all metrics of a run, those of evaluations with their prefix. */
export function metricNamesOf(reader: StoreReader, runId: string): string[] {
  const evaluated = new Set(reader.listEvaluations(runId).flatMap(({ metrics }) => Object.keys(metrics)));
  return [...reader.listMetricNames(runId), ...[...evaluated].sort().map((name) => EVALUATION + name)];
}

export interface CurveOptions {
  names: readonly string[];
  axis: CompareAxis;
  maxPoints: number;
}

/** By name; a metric that the run does not have is left out. */
export function readCurves(
  reader: StoreReader,
  run: StoredRun,
  { names, axis, maxPoints }: CurveOptions,
): Record<string, MetricCurve> {
  const place = createAxis(reader, run, axis);
  const entries = names.flatMap((name): [string, MetricCurve][] => {
    const points = readPoints(reader, run.id, name, maxPoints)
      .map(({ step, value }) => ({ step, value, x: place(step) }))
      .filter((point): point is MetricPoint & { x: number } => point.x !== null);
    if (points.length === 0) return [];
    const curve = {
      x: points.map(({ x }) => x),
      steps: points.map(({ step }) => step),
      y: points.map(({ value }) => value),
    };
    return [[name, curve]];
  });
  return Object.fromEntries(entries);
}

function readPoints(reader: StoreReader, runId: string, name: string, maxPoints: number): MetricPoint[] {
  if (!name.startsWith(EVALUATION)) return reader.getThinSeries(runId, name, { after: 0, maxPoints });
  return reader.listEvaluations(runId).flatMap(({ step, metrics }) => {
    const value = metrics[name.slice(EVALUATION.length)];
    return value === undefined ? [] : [{ step, value }];
  });
}

/** Where each step stands; 0 is before the first one. null where the run did not record it. */
function createAxis(reader: StoreReader, run: StoredRun, axis: CompareAxis): (step: number) => number | null {
  if (axis === 'step') return (step) => step;
  const places =
    axis === 'tokens'
      ? tokensByStep(reader, run)
      : axis === 'time'
        ? secondsByStep(reader, run)
        : samplesByStep(reader, run);
  return (step) => (step === 0 ? 0 : (places.get(step) ?? null));
}

function tokensByStep(reader: StoreReader, run: StoredRun): Map<number, number> {
  return new Map(reader.getMetricSeries(run.id, 'num_tokens').map(({ step, value }) => [step, value]));
}

/** Completions sampled so far; in supervised training rows learned from so far. */
function samplesByStep(reader: StoreReader, run: StoredRun): Map<number, number> {
  const { run: configured } = run;
  let total = 0;
  return new Map(
    reader.listStepProgress(run.id).map(({ step, completions }) => {
      total += configured.type === 'grpo' ? completions : configured.config.batch_size;
      return [step, total];
    }),
  );
}

/** Seconds spent on steps so far, as they measured it; where one did not, by the clock since the step before. Pauses take no part. */
function secondsByStep(reader: StoreReader, run: StoredRun): Map<number, number> {
  const measured = new Map(reader.getMetricSeries(run.id, 'step_time').map(({ step, value }) => [step, value]));
  let total = 0;
  let before = run.startedAt === null ? null : Date.parse(run.startedAt);
  return new Map(
    reader.listStepProgress(run.id).map(({ step, recordedAt }) => {
      const now = Date.parse(recordedAt);
      total += measured.get(step) ?? (before === null ? 0 : (now - before) / 1000);
      before = now;
      return [step, total];
    }),
  );
}
