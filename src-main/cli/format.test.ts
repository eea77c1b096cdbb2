import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatTable,
  oneLine,
  plural,
  printable,
  truncate,
} from './format.ts';

test.each([
  [0, '0'],
  [0.6123, '0.612'],
  [-0.25, '-0.250'],
  [0.00312, '0.0031'],
  [0.00031, '3.1e-4'],
  [12.345, '12.35'],
  [812.34, '812.3'],
  [18432.6, '18433'],
  [NaN, 'NaN'],
  [null, '–'],
  [undefined, '–'],
])('formatNumber(%s) is %s', (value, text) => expect(formatNumber(value)).toBe(text));

test('shares, counts, sizes and times', () => {
  expect(formatPercent(0.4375)).toBe('43.8%');
  expect(formatPercent(null)).toBe('–');
  expect(formatCount(1052672)).toBe('1,052,672');
  expect([0, 812, 1536, 4.2 * 1024 ** 2].map(formatBytes)).toEqual(['0 B', '812 B', '1.5 KiB', '4.2 MiB']);
  expect([7, 725, 3723, 59.6, null].map(formatDuration)).toEqual(['0:07', '12:05', '1:02:03', '1:00', '–']);
  expect([plural(1, 'step'), plural(2000, 'step')]).toEqual(['1 step', '2,000 steps']);
});

test('a text is cut to the width, by characters', () => {
  expect(truncate('abcdef', 6)).toBe('abcdef');
  expect(truncate('abcdefg', 6)).toBe('abcde…');
  expect(truncate('🙂🙂🙂', 2)).toBe('🙂…');
});

test('model text cannot steer the terminal', () => {
  expect(printable('a\x1b[2Jb\rc\td\ne\x9b')).toBe('a\\x1b[2Jb\\x0dc\td\ne\\x9b');
  expect(oneLine('a\r\nb\tc')).toBe('a⏎b c');
});

test('a table is aligned, whatever its colours', () => {
  const table = formatTable(
    [{ title: 'NAME' }, { title: 'N', align: 'right' }, { title: 'LAST' }],
    [
      ['\x1b[31mred\x1b[39m', '1', 'x'],
      ['longer', '100', ''],
    ],
  );
  expect(table.split('\n')).toEqual(['NAME      N  LAST', '\x1b[31mred\x1b[39m       1  x', 'longer  100']);
});
