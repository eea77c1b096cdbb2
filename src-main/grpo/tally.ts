/** Sums and extremes of observations that are made in parts: the micro-batches of a step, the updates on a batch. */

export interface Tally {
  sum: number;
  count: number;
  min: number;
  max: number;
}

export function emptyTally(): Tally {
  return { sum: 0, count: 0, min: Infinity, max: -Infinity };
}

/** Adds an observation, or the mean of `count` of them; the extremes are those of what was added. */
export function record(tally: Tally, value: number, count = 1): void {
  if (count === 0) return;
  tally.sum += value * count;
  tally.count += count;
  tally.min = Math.min(tally.min, value);
  tally.max = Math.max(tally.max, value);
}

export function merged(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({
      sum: a.sum + b.sum,
      count: a.count + b.count,
      min: Math.min(a.min, b.min),
      max: Math.max(a.max, b.max),
    }),
    emptyTally(),
  );
}

/** NaN when nothing was recorded. */
export function tallyMean({ sum, count }: Tally): number {
  return sum / count;
}
