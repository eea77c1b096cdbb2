/** What to ask a series of metric values: where a condition held for long, and how it changed. */
import { mean, standardDeviation } from '../../grpo/statistics.ts';
import { SUSTAINED_STEPS, TREND_SHARE, TREND_STEPS } from './thresholds.ts';

/** A metric's value at a step. */
export interface MetricPoint {
  step: number;
  value: number;
}

/** A metric of a run over its steps, in order, by name. */
export type Series = (name: string) => readonly MetricPoint[];

export interface Streak {
  points: MetricPoint[];
  first: number;
  last: number;
  /** It reaches the newest step. */
  ongoing: boolean;
}

/** The longest stretch of steps that fulfil a condition, the newest among equals; null when none is long enough to count. */
export function longestStreak(series: readonly MetricPoint[], condition: (value: number) => boolean): Streak | null {
  let current: MetricPoint[] = [];
  let longest = current;
  for (const point of series) {
    if (condition(point.value)) current.push(point);
    else current = [];
    if (current.length >= longest.length) longest = current;
  }
  if (longest.length < SUSTAINED_STEPS) return null;
  return {
    points: longest,
    first: longest[0].step,
    last: longest[longest.length - 1].step,
    ongoing: longest.at(-1) === series.at(-1),
  };
}

export interface Trend {
  before: number;
  after: number;
  gain: number;
  /** Standard error of `gain`, from the noise between steps. */
  error: number;
  /** The steps that `before` and `after` are means over. */
  beforeSteps: { first: number; last: number };
  afterSteps: { first: number; last: number };
}

/** Compares the first with the last quarter; null while the run is too short. */
export function trendOf(series: readonly MetricPoint[]): Trend | null {
  if (series.length < TREND_STEPS) return null;
  const size = Math.max(SUSTAINED_STEPS, Math.floor(series.length * TREND_SHARE));
  const ends = [series.slice(0, size), series.slice(-size)].map((points) => ({
    mean: mean(points.map(({ value }) => value)),
    variance: standardDeviation(points.map(({ value }) => value)) ** 2 / size,
    steps: { first: points[0].step, last: points[size - 1].step },
  }));
  const [before, after] = ends;
  return {
    before: before.mean,
    after: after.mean,
    gain: after.mean - before.mean,
    error: Math.sqrt(before.variance + after.variance),
    beforeSteps: before.steps,
    afterSteps: after.steps,
  };
}

/** How a streak stands to the newest step, in a sentence. */
export function since({ ongoing }: Streak): string {
  return ongoing ? 'It lasts up to the newest step.' : 'It has passed since.';
}
