/** How much two orders of the same things agree. */

/**
 * Spearman's ρ: the correlation of the ranks; equal values share the mean of their ranks.
 * @returns null where one side has no order
 */
export function spearman(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  const [a, b] = [ranksOf(first), ranksOf(second)];
  const middle = (a.length + 1) / 2; // the mean of all ranks
  let both = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    both += (a[i] - middle) * (b[i] - middle);
    squaresA += (a[i] - middle) ** 2;
    squaresB += (b[i] - middle) ** 2;
  }
  return squaresA === 0 || squaresB === 0 ? null : both / Math.sqrt(squaresA * squaresB);
}

/**
 * Kendall's τ-b, which allows for equal values: (concordant − discordant) ÷ √(pairs untied in the first × in the second), counted in
 * n log n by sorting (Knight 1966).
 * @returns null where one side has no order
 */
export function kendall(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  const order = Array.from({ length: first.length }, (_, i) => i);
  order.sort((i, j) => first[i] - first[j] || second[i] - second[j]);
  const pairs = pairsOf(order.length);
  const tiedFirst = tiedPairs(order, (i, j) => first[i] === first[j]);
  const tiedBoth = tiedPairs(order, (i, j) => first[i] === first[j] && second[i] === second[j]);
  const values = Float64Array.from(order, (i) => second[i]);
  const discordant = sortCountingSwaps(values);
  const places = Array.from(values.keys());
  const tiedSecond = tiedPairs(places, (i, j) => values[i] === values[j]);
  const concordant = pairs - tiedFirst - tiedSecond + tiedBoth - discordant;
  const scale = Math.sqrt(pairs - tiedFirst) * Math.sqrt(pairs - tiedSecond);
  return scale === 0 ? null : (concordant - discordant) / scale;
}

/** 1-based; equal values get the mean of their ranks. */
function ranksOf(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Float64Array(order.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

const pairsOf = (count: number) => (count * (count - 1)) / 2;

/** Pairs of equals in a list in which equals stand together. */
function tiedPairs(order: readonly number[], areEqual: (i: number, j: number) => boolean): number {
  let pairs = 0;
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && areEqual(order[start], order[end])) end++;
    pairs += pairsOf(end - start);
    start = end;
  }
  return pairs;
}

/** Sorts in place by merging, and counts the swaps of neighbours that it would have taken. */
function sortCountingSwaps(values: Float64Array<ArrayBuffer>): number {
  let swaps = 0;
  let [source, target] = [values, new Float64Array(values.length)];
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let left = start;
      let right = middle;
      for (let place = start; place < end; place++) {
        if (left < middle && (right === end || source[left] <= source[right])) target[place] = source[left++];
        else {
          swaps += middle - left;
          target[place] = source[right++];
        }
      }
    }
    [source, target] = [target, source];
  }
  values.set(source);
  return swaps;
}
