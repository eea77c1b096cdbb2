/** Small statistics of recorded numbers, in float64. Empty input gives NaN. */

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Unbiased (n − 1). */
export function standardDeviation(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((total, value) => total + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
