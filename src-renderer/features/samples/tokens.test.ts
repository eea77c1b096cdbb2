import { expect, test } from 'vitest';
import type { TokenSample } from '../../../src-main/contract/api/samples.ts';
import { explainCoefficient } from './coefficient.ts';
import { placeOn, scaleOf } from './token-measures.ts';

const policy = Math.log(0.5);
const reference = Math.log(0.6);

function sample(changes: Partial<TokenSample> = {}): TokenSample {
  return {
    completion: 1,
    group: 1,
    ids: [5],
    texts: ['x'],
    special: [false],
    missing: null,
    samplingLogps: [policy],
    oldLogps: [policy],
    referenceLogps: [reference],
    policyLogps: [policy],
    entropies: [1.5],
    coefficients: [0.7 + 0.04 * 0.2],
    ratios: [1],
    kl: [0.02],
    advantage: 0.7,
    beta: 0.04,
    klEstimator: 'k3',
    leftOut: false,
    ...changes,
  };
}

test('on-policy the coefficient is worked out', () => {
  expect(explainCoefficient(sample(), 0)).toBe(
    'Coefficient = A + β(π_ref/π − 1) = 0.7 + 0.04 × (0.6/0.5 − 1) = 0.708.',
  );
  expect(explainCoefficient(sample({ beta: 0, coefficients: [0.7] }), 0)).toContain('Coefficient = A = 0.7');
});

test('where something else acted, the plain sum is not claimed', () => {
  expect(explainCoefficient(sample({ coefficients: [0.1] }), 0)).toContain("this run's loss made it 0.1");
  expect(explainCoefficient(sample({ ratios: [1.4], coefficients: [0] }), 0)).toContain('clipping stopped it');
  expect(explainCoefficient(sample({ ratios: [1.1], coefficients: [0.77] }), 0)).toContain('weighted by it');
  expect(explainCoefficient(sample({ leftOut: true }), 0)).toContain('cut off');
  expect(explainCoefficient(sample({ klEstimator: 'k2' }), 0)).toContain('pull of the KL term (k2)');
});

test('values stand on their scales', () => {
  const signed = scaleOf('coefficient', sample({ coefficients: [-0.5, 0, 0.25] }));
  expect([-0.5, 0, 0.25].map((value) => placeOn(signed, value))).toEqual([-1, 0, 0.5]);
  const logps = scaleOf('logp', sample());
  expect([0, -2.5, -9].map((value) => placeOn(logps, value))).toEqual([0, 0.5, 1]);
  const ratios = scaleOf('ratio', sample({ ratios: [1, 1.2] }));
  expect(placeOn(ratios, 1)).toBe(0);
  expect(placeOn(ratios, 0.9)).toBeCloseTo(-0.5);
  expect(placeOn(scaleOf('kl', sample({ kl: [0.0001] })), 0.0001)).toBeLessThan(0.01);
  expect(scaleOf('kl', sample({ kl: null })).values).toBeNull();
});
