import { expect, test } from 'vitest';
import { strftime } from './strftime.ts';

test('writes dates as Python does in the C locale', () => {
  const date = new Date(2024, 6, 6, 15, 4, 9);
  expect(strftime(date, '%d %b %Y')).toBe('06 Jul 2024');
  expect(strftime(date, '%A, %B %d, %y %I:%M:%S %p %H %m %a %%')).toBe('Saturday, July 06, 24 03:04:09 PM 15 07 Sat %');
});

test('refuses a directive it does not know', () => {
  expect(() => strftime(new Date(), '%Q')).toThrow('%Q');
});
