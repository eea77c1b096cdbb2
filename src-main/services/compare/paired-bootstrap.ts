/** Whether one policy is better than another on the same prompts: means, an interval of their difference, wins and losses. Pure. */
import type { PairedResult } from '../../contract/api/compare.ts';

/** Resamples of the prompts. */
const RESAMPLES = 10_000;

/** Ends of the interval, as shares of the resampled differences below them. */
const INTERVAL = [0.025, 0.975] as const;

/** Scores nearer than this are the same but for rounding. */
const ROUNDING = 1e-9;

/**
 * Percentile bootstrap of the mean difference over prompts (Efron & Tibshirani 1993, chapter 13): prompts are drawn with replacement, each
 * with both of its scores, so that what makes a prompt easy for both takes no part in the interval.
 *
 * @param first scores of one policy, one for each prompt
 * @param second scores of the other, in the same order
 * @param draw uniform in [0, 1); a seeded generator by default, so that the same scores always give the same interval
 */
export function comparePaired(
  first: readonly number[],
  second: readonly number[],
  draw: () => number = seededUniform(20261122),
): PairedResult {
  const differences = first.map((score, i) => second[i] - score);
  const wins = differences.filter((difference) => difference > ROUNDING).length;
  const losses = differences.filter((difference) => difference < -ROUNDING).length;
  const [low, high] = bootstrapInterval(differences, draw);
  return {
    prompts: differences.length,
    firstMean: mean(first),
    secondMean: mean(second),
    difference: mean(differences),
    low,
    high,
    wins,
    losses,
    ties: differences.length - wins - losses,
    pValue: signTest(wins, losses),
  };
}

function bootstrapInterval(values: readonly number[], draw: () => number): [number, number] {
  const n = values.length;
  const means = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[Math.floor(draw() * n)];
    means[resample] = sum / n;
  }
  means.sort();
  return [quantile(means, INTERVAL[0]), quantile(means, INTERVAL[1])];
}

/** The quantile of sorted values, linear between its neighbours: NumPy's default. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/**
 * Two-sided exact sign test: how likely a split at least so uneven is if each prompt that differs were a fair coin. For scores of 0 and 1
 * it is McNemar's exact test. 1 when nothing differs.
 */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  // P(X = k) from one k to the next, from the logarithm of P(X = 0) on, which would be zero itself beyond 1,074 coins.
  let logProbability = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(wins, losses); k++) {
    tail += Math.exp(logProbability);
    logProbability += Math.log(n - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}

/** mulberry32: 32 bits of state, enough for resampling. */
function seededUniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
