import { describe, expect, test } from 'vitest';
import { appliedEntropyCoefficient, nextBeta, nextEntropyState } from './controllers.ts';

describe('nextBeta', () => {
  const control = { target: 0.1, gain: 0.1 };

  test('moves by the gain times the relative error', () => {
    expect(nextBeta(0.04, 0.1, control)).toBe(0.04);
    expect(nextBeta(0.04, 0.11, control)).toBeCloseTo(0.04 * 1.01, 12);
    expect(nextBeta(0.04, 0.09, control)).toBeCloseTo(0.04 * 0.99, 12);
  });

  test('counts no error above a fifth', () => {
    expect(nextBeta(0.04, 5, control)).toBeCloseTo(0.04 * 1.02, 12);
    expect(nextBeta(0.04, 0, control)).toBeCloseTo(0.04 * 0.98, 12);
  });

  test('holds a KL that falls with β at the target', () => {
    let beta = 0.01;
    for (let step = 0; step < 2000; step++) beta = nextBeta(beta, 0.02 / beta, control);
    expect(0.02 / beta).toBeCloseTo(control.target, 6);
  });
});

describe('the entropy controller', () => {
  const control = { target: 0.5, delta: 0.01, min: 0, max: 0.02 };

  test('applies nothing before the first measurement', () => {
    expect(appliedEntropyCoefficient({ coefficient: 0.01, active: false })).toBe(0);
  });

  test('raises the coefficient at or below the target up to the bound', () => {
    let state = { coefficient: 0, active: false };
    state = nextEntropyState(state, 0.5, control);
    expect(state).toEqual({ coefficient: 0.01, active: true });
    expect(appliedEntropyCoefficient(state)).toBe(0.01);
    state = nextEntropyState(nextEntropyState(state, 0.1, control), 0.1, control);
    expect(state).toEqual({ coefficient: 0.02, active: true });
  });

  test('lowers it above the target, and no longer applies it', () => {
    const state = nextEntropyState({ coefficient: 0.015, active: true }, 0.6, control);
    expect(state.coefficient).toBeCloseTo(0.005, 12);
    expect(appliedEntropyCoefficient(state)).toBe(0);
    expect(nextEntropyState(state, 0.6, control).coefficient).toBe(0);
  });
});
