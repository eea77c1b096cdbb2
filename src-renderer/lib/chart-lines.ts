/** The lines of a chart as columns over one axis, and what they say at a place of it. Pure. */
import { align, decimate, type Series } from './series.ts';

export interface Line extends Series {
  label: string;
  /** What it stands for: lines of one key are highlighted together, here and wherever else it is shown. */
  key?: string;
  /** A CSS colour; custom properties are resolved. */
  color: string;
  /** Lengths of strokes and gaps. */
  dash?: number[];
  /** The values as they are, behind smoothed ones. */
  faint?: boolean;
  /** Fills the room between these two lines in the line's colour. */
  band?: { low: readonly (number | null)[]; high: readonly (number | null)[] };
}

export interface Columns {
  x: number[];
  /** Each line's values, followed by those of its band's edges. */
  ys: (number | null)[][];
  /** The line that each of them belongs to. */
  owners: Line[];
}

/** @param buckets as for `decimate`; lines with bands are not thinned */
export function columnsOf(lines: readonly Line[], buckets: number): Columns {
  const drawn = lines.flatMap((line) =>
    line.band === undefined ? [line] : [line, { ...line, y: line.band.low }, { ...line, y: line.band.high }],
  );
  const banded = drawn.length > lines.length;
  const { x, ys } = align(banded ? drawn : drawn.map((line) => decimate(line, buckets)));
  return { x, ys, owners: lines.flatMap((line) => (line.band === undefined ? [line] : [line, line, line])) };
}

/** A line's value at a place; where it has none there, because x is not its own, the one before. null beyond its end. */
export function valueAt({ x, ys, owners }: Columns, column: number, place: number): number | null {
  const last = owners[column]?.x.at(-1);
  if (last === undefined || x[place] > last) return null;
  let at = place;
  while (at > 0 && ys[column][at] === null) at--;
  return ys[column][at] ?? null;
}

/** The lines that values are told of, not those behind and not the edges of bands, each with its column. */
export function toldLines({ owners }: Columns): { line: Line; column: number }[] {
  return owners.flatMap((line, column) => (line.faint || owners[column - 1] === line ? [] : [{ line, column }]));
}
