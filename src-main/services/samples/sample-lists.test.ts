import { expect, test } from 'vitest';
import { SampleLists } from './sample-lists.ts';

test('a list is searched once, until the samples change or others have been looked at since', () => {
  let version = 'a';
  const searched: string[] = [];
  const lists = new SampleLists({ version: () => version });
  const look = (key: string) => lists.ids('run', key, () => [searched.push(key)]);
  expect([look('x'), look('x')]).toEqual([[1], [1]]);
  version = 'b';
  look('x');
  expect(searched).toEqual(['x', 'x']);
  for (const key of ['1', '2', '3', '4', '5', '6']) look(key);
  look('6');
  look('x');
  expect(searched.slice(2)).toEqual(['1', '2', '3', '4', '5', '6', 'x']);
});
