/** What charts do to the points of a metric before they are drawn. Pure. */

/** Points in order of x; null where there is no value. */
export interface Series {
  x: readonly number[];
  y: readonly (number | null)[];
}

/**
 * Thins a series to at most 4 points for each of `buckets` equal parts of its points: the first, the last, the smallest and the largest of
 * each part stay, so that no extreme is lost and a line drawn through them looks as the whole one does.
 */
export function decimate({ x, y }: Series, buckets: number): Series {
  if (x.length <= 4 * buckets) return { x, y };
  const keptX: number[] = [];
  const keptY: (number | null)[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = Math.floor((bucket * x.length) / buckets);
    const end = Math.floor(((bucket + 1) * x.length) / buckets);
    let smallest = start;
    let largest = start;
    for (let i = start; i < end; i++) {
      const value = y[i];
      if (value === null) continue;
      if (y[smallest] === null || value < (y[smallest] as number)) smallest = i;
      if (y[largest] === null || value > (y[largest] as number)) largest = i;
    }
    for (const i of new Set([start, ...[smallest, largest].sort((a, b) => a - b), end - 1])) {
      keptX.push(x[i]);
      keptY.push(y[i]);
    }
  }
  return { x: keptX, y: keptY };
}

/**
 * Exponential moving average with the bias of its start taken out, as Weights & Biases and TensorBoard draw it. Missing values stay
 * missing and change nothing.
 *
 * @param weight of the past in [0, 1); 0 leaves the values as they are
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let average = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    seen++;
    return average / (1 - weight ** seen);
  });
}

/** Puts series over one x axis: all their x in order, and each one's values there, null where it has none. */
export function align(series: readonly Series[]): { x: number[]; ys: (number | null)[][] } {
  const x = [...new Set(series.flatMap((one) => one.x))].sort((a, b) => a - b);
  const place = new Map(x.map((value, i) => [value, i]));
  const ys = series.map((one) => {
    const y = new Array<number | null>(x.length).fill(null);
    one.x.forEach((value, i) => (y[place.get(value) as number] = one.y[i]));
    return y;
  });
  return { x, ys };
}

/** Mean and range of several series at each x that at least one of them has. */
export function aggregate(series: readonly Series[]): { x: number[]; mean: number[]; low: number[]; high: number[] } {
  const { x, ys } = align(series);
  const values = x.map((_, i) => ys.map((y) => y[i]).filter((value) => value !== null));
  const kept = [...x.keys()].filter((i) => values[i].length > 0);
  return {
    x: kept.map((i) => x[i]),
    mean: kept.map((i) => values[i].reduce((sum, value) => sum + value, 0) / values[i].length),
    low: kept.map((i) => Math.min(...values[i])),
    high: kept.map((i) => Math.max(...values[i])),
  };
}
