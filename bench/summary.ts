/** What one run of the bench comes to: medians over its steps but the first. */
import type { Measurement } from './measure.ts';

export interface Summary {
  /** Seconds a step, of which sampling, and the rest: scoring, reference and update. */
  step: number;
  sampling: number;
  update: number;
  /** Completion tokens a step. */
  tokens: number;
  /** Completion tokens a second. */
  samplingRate: number;
  updateRate: number;
  peakBytes: number;
}

export function summarize({ steps, peakBytes }: Measurement): Summary {
  const counted = steps.slice(1);
  return {
    step: median(counted.map(({ step }) => step)),
    sampling: median(counted.map(({ sampling }) => sampling)),
    update: median(counted.map(({ step, sampling }) => step - sampling)),
    tokens: median(counted.map(({ tokens }) => tokens)),
    samplingRate: median(counted.map(({ sampling, tokens }) => tokens / sampling)),
    updateRate: median(counted.map(({ step, sampling, tokens }) => tokens / (step - sampling))),
    peakBytes,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const smallest = (values: readonly number[]): number => Math.min(...values);
export const largest = (values: readonly number[]): number => Math.max(...values);
