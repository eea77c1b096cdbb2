import { describe, expect, test } from 'vitest';
import { meanPassRate, recordVisit, selectCandidates, type PassRates } from './curriculum.ts';

describe('selectCandidates', () => {
  test('takes the rows nearest to one half, in the order of the data', () => {
    const passRates = { 4: 1, 7: 0.4, 1: 0, 9: 0.55 };
    expect(selectCandidates([4, 7, 1, 9], passRates, 2)).toEqual([1, 3]);
    expect(selectCandidates([4, 7, 1, 9], passRates, 1)).toEqual([3]);
  });

  test('a row without a measurement counts as one half; equals come in the order of the data', () => {
    expect(selectCandidates([5, 2, 8, 3], {}, 2)).toEqual([0, 1]);
    expect(selectCandidates([5, 2, 8, 3], { 5: 0.25, 2: 0.75, 8: 0.75 }, 2)).toEqual([0, 3]);
    expect(selectCandidates([5, 2, 8], { 5: 1, 2: 0.25, 8: 0.75 }, 1)).toEqual([1]);
  });

  test('draws a row twice only when there is no other', () => {
    expect(selectCandidates([1, 1, 2, 1], { 1: 0.5, 2: 1 }, 2)).toEqual([0, 2]);
    expect(selectCandidates([1, 1, 2, 1], { 1: 0.5, 2: 1 }, 3)).toEqual([0, 1, 2]);
  });
});

describe('recordVisit', () => {
  test('the first visit sets the pass rate, later ones move it half the way', () => {
    const passRates: PassRates = {};
    recordVisit(passRates, 3, [true, true, false, true]);
    expect(passRates).toEqual({ 3: 0.75 });
    recordVisit(passRates, 3, [false, false]);
    expect(passRates).toEqual({ 3: 0.375 });
  });

  test('completions that the rule does not judge leave no trace', () => {
    const passRates: PassRates = {};
    recordVisit(passRates, 1, [null, null]);
    expect(passRates).toEqual({});
    recordVisit(passRates, 1, [null, true, false]);
    expect(passRates).toEqual({ 1: 0.5 });
  });

  test('the mean is that of the measured rows', () => {
    expect(meanPassRate({ 2: 1, 8: 0.5 })).toBe(0.75);
    expect(meanPassRate({})).toBeNaN();
  });
});
