import { expect, test } from 'vitest';
import { findLastNumber, parseNumber } from './numbers.ts';

test.each([
  ['42', 42],
  [' -3 ', -3],
  ['+7', 7],
  ['−5', -5],
  ['1,234,567.5', 1234567.5],
  ['$1,200', 1200],
  ['-$3.50', -3.5],
  ['18 €', 18],
  ['50%', 50],
  ['42.', 42],
  ['.5', 0.5],
  ['1e3', 1000],
  ['', null],
  ['.', null],
  ['12,34', null],
  ['1,2345', null],
  ['42 apples', null],
  ['1/2', null],
  ['0x10', null],
  ['Infinity', null],
  ['1e999', null],
])('the number in %j is %j', (text, value) => {
  expect(parseNumber(text)).toBe(value);
});

test.each([
  ['12 + 30 = 42', '42'],
  ['the answer is -18.', '-18'],
  ['12-30', '30'],
  ['(4)-3', '3'],
  ['= −7', '−7'],
  ['costs $1,234.50 in all', '1,234.50'],
  ['1, 2,3', '3'],
  ['pi is 3.14.', '3.14'],
  ['about .5', '.5'],
  ['none', null],
])('the last number in %j is %j', (text, number) => {
  const span = findLastNumber(text);
  expect(span && text.slice(span.start, span.end)).toBe(number);
});
