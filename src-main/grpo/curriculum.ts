/** Curriculum by measured pass rate: prompts that the policy solves about half of the time tell its completions apart best. */
import { mean } from './statistics.ts';

/** Share of right completions by row, as a moving average over the visits of the row; a row that was never visited has no entry. */
export type PassRates = Record<number, number>;

/** Rows looked at for every row that is drawn. */
export const CANDIDATES_PER_ROW = 4;

/** Share of the newest visit in the moving average. */
const NEWEST = 0.5;

/** Of a row that was never visited, so that it is visited soon. */
const UNMEASURED = 0.5;

/**
 * Which candidates to draw: those whose pass rate is nearest to one half, the earlier one of equals. A row that stands among the
 * candidates again counts after all others, so that a small dataset does not fill a step with one row.
 *
 * @param candidates rows in the order of the data
 * @returns positions in `candidates`, `count` of them, ascending
 */
export function selectCandidates(candidates: readonly number[], passRates: PassRates, count: number): number[] {
  const distance = candidates.map((row) => Math.abs((passRates[row] ?? UNMEASURED) - 0.5));
  const repeated = candidates.map((row, position) => Number(candidates.indexOf(row) < position));
  return [...candidates.keys()]
    .sort((a, b) => repeated[a] - repeated[b] || distance[a] - distance[b] || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);
}

/**
 * Takes a visit of a row into its pass rate; its first visit sets it.
 *
 * @param successes of its completions; null where the outcome rule does not apply. Without any other the row stays as it was.
 */
export function recordVisit(passRates: PassRates, row: number, successes: readonly (boolean | null)[]): void {
  const judged = successes.filter((success) => success !== null);
  if (judged.length === 0) return;
  const share = mean(judged.map(Number));
  const before = passRates[row] ?? share;
  passRates[row] = before + NEWEST * (share - before);
}

/** @returns mean over the rows measured; NaN while there are none */
export function meanPassRate(passRates: PassRates): number {
  return mean(Object.values(passRates)); // integer keys come in ascending order: the sum is the same after a resume
}
