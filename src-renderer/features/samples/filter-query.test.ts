import { expect, test } from 'vitest';
import type { SampleFilter } from '../../../src-main/contract/api/samples.ts';
import { countOf, filterOf, queryOf } from './filter-query.ts';

const whole: SampleFilter = {
  stepFrom: 3,
  stepTo: 9,
  row: 0,
  prompt: 'sum',
  rewardMin: -0.5,
  rewardMax: 1,
  rule: 'exact',
  scoreMin: 0,
  scoreMax: 0.5,
  finishReason: 'length',
  variance: 'zero',
  text: '"check that" 12',
  bookmarked: true,
};

function through(filter: SampleFilter): SampleFilter {
  const entries = Object.entries(queryOf(filter)).filter((entry): entry is [string, string] => entry[1] !== null);
  return filterOf(new URLSearchParams(new URLSearchParams(entries).toString()));
}

test('a filter comes back from the address as it went in', () => {
  expect(through(whole)).toEqual(whole);
  expect(through({})).toEqual({});
  expect(through({ stepFrom: 7, stepTo: 7 })).toEqual({ stepFrom: 7, stepTo: 7 });
  expect(queryOf({ stepFrom: 7, stepTo: 7 })).toMatchObject({ step: '7', from: null, to: null });
});

test('what an address cannot mean is left out', () => {
  expect(filterOf(new URLSearchParams('step=x&row=-1&finish=why&text=&reward-min=0'))).toEqual({ rewardMin: 0 });
});

test('a range counts as one condition', () => {
  expect(countOf(whole)).toBe(9);
  expect(countOf({})).toBe(0);
  expect(countOf({ rule: 'exact' })).toBe(0);
});
