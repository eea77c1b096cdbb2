import { expect, test } from 'vitest';
import { cutAt, firstParting, partingPlace } from './differences.ts';

test('texts part at the beginning of the first word that differs', () => {
  expect(partingPlace('it is 412', 'it is 419', true)).toBe(6);
  expect(partingPlace('a 😀', 'a 😁', true)).toBe(2);
  expect(partingPlace('same', 'same', true)).toBeNull();
});

test('a beginning of the other text differs only once both have ended', () => {
  expect(partingPlace('it is', 'it is 4', false)).toBeNull();
  expect(partingPlace('it is', 'it is 4', true)).toBe(5);
});

test('of several texts the first difference counts', () => {
  const others = [
    { text: 'a b x', whole: true },
    { text: 'a y', whole: false },
  ];
  expect(firstParting('a b c', others, true)).toBe(2);
  expect(firstParting('a b c', [], true)).toBeNull();
});

test('a cut text is whole again', () => {
  expect(cutAt('a b c', 2)).toEqual({ same: 'a ', differs: 'b', rest: ' c' });
  expect(cutAt('a 😀', 2)).toEqual({ same: 'a ', differs: '😀', rest: '' });
  expect(cutAt('4=q9</think>', 2)).toEqual({ same: '4=', differs: 'q9', rest: '</think>' });
  expect(cutAt('a b', 3)).toEqual({ same: 'a b', differs: '', rest: '' });
  expect(cutAt('a b', null)).toEqual({ same: 'a b', differs: '', rest: '' });
});
