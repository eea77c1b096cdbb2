import { expect, test } from 'vitest';
import { columnsOf, toldLines, valueAt, type Line } from './chart-lines.ts';

const line = (label: string, x: number[], y: (number | null)[], more: Partial<Line> = {}): Line => ({
  label,
  color: 'red',
  x,
  y,
  ...more,
});

test('bands are columns of their own behind their line, and no value of theirs is told', () => {
  const mean = line('mean', [1, 2], [5, 6], { band: { low: [4, 5], high: [6, 7] } });
  const columns = columnsOf([line('raw', [1, 2], [1, 2], { faint: true }), mean], 100);
  expect(columns.ys).toEqual([
    [1, 2],
    [5, 6],
    [4, 5],
    [6, 7],
  ]);
  expect(toldLines(columns)).toEqual([{ line: mean, column: 1 }]);
});

test('between its points a line has its last value, and beyond its end none', () => {
  const columns = columnsOf([line('few', [2, 6], [10, 20]), line('many', [1, 2, 4, 6, 8], [0, 0, 0, 0, 0])], 100);
  expect(columns.x).toEqual([1, 2, 4, 6, 8]);
  expect(columns.x.map((_, place) => valueAt(columns, 0, place))).toEqual([null, 10, 10, 20, null]);
});
