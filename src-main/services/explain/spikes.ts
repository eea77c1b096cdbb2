/** Where a series of metric values jumps. */
import type { MetricPoint } from '../../rewards/watchers/series.ts';
import { SPIKE_FACTOR, SPIKE_HISTORY, SPIKE_WINDOW } from './thresholds.ts';

export interface Spike {
  step: number;
  value: number;
  /** Median size of the steps before. */
  usual: number;
}

/** Steps whose value is many times the usual size of the steps before. @param floor sizes below it are no spikes */
export function spikesOf(series: readonly MetricPoint[], floor: number): Spike[] {
  const before: number[] = [];
  return series.flatMap(({ step, value }) => {
    const size = Math.abs(value);
    const usual = before.length < SPIKE_HISTORY ? Infinity : median(before);
    if (size > 0) before.push(size); // steps without any push, whose groups had equal rewards, do not count as usual
    if (before.length > SPIKE_WINDOW) before.shift();
    return size >= floor && size > SPIKE_FACTOR * usual ? [{ step, value, usual }] : [];
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
