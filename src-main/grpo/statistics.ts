/** Small statistics that every part of the algorithm shares, in float64. Empty input gives NaN, as in numpy and torch. */

export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** Taken from the first value on, so that the mean of equal values is that value itself and their deviation is 0. */
export function mean(values: ArrayLike<number>): number {
  const first = values[0];
  let beyond = 0;
  for (let i = 0; i < values.length; i++) beyond += values[i] - first;
  return first + beyond / values.length;
}

/** Unbiased standard deviation (n − 1), torch's default. NaN for fewer than two values. */
export function standardDeviation(values: ArrayLike<number>): number {
  if (values.length < 2) return NaN;
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - center) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * The value below which a share of the values lies, linear between neighbours; values and result in float32, as torch.quantile has
 * them. A rank that is whole but for rounding gives the value of that rank itself.
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float32Array.from(values).sort();
  const rank = Math.fround(Math.fround(share) * (sorted.length - 1));
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  return Math.fround(below + (above - below) * (rank - Math.floor(rank)));
}
