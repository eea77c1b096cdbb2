/** Bins of a histogram of lengths. */

export interface Bin {
  /** Both ends included, in tokens. */
  from: number;
  to: number;
  rows: number;
}

/**
 * Bins of equal width, a round number of tokens.
 * @param counts [tokens, rows] in ascending order of tokens
 * @param most about how many bins
 */
export function binLengths(counts: readonly (readonly [number, number])[], most: number): Bin[] {
  if (counts.length === 0) return [];
  const [low, high] = [counts[0][0], counts[counts.length - 1][0]];
  const width = roundWidth((high - low + 1) / most);
  const start = Math.floor(low / width) * width;
  const bins: Bin[] = [];
  for (let from = start; from <= high; from += width) bins.push({ from, to: from + width - 1, rows: 0 });
  for (const [tokens, rows] of counts) bins[Math.floor((tokens - start) / width)].rows += rows;
  return bins;
}

/** How many rows are longer than a limit. */
export function rowsAbove(counts: readonly (readonly [number, number])[], limit: number): number {
  return counts.reduce((sum, [tokens, rows]) => sum + (tokens > limit ? rows : 0), 0);
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function roundWidth(width: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= width) return factor * power;
  }
}
