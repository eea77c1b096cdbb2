import { describe, expect, test } from 'vitest';
import { samplerWeights, type SamplerCorrection } from './sampler-correction.ts';

const oldLogps = Float64Array.of(-1, -1, -1);
const samplingLogps = Float64Array.from([0.5, 1, 2.5], (weight) => -1 - Math.log(weight));

function weights(mode: SamplerCorrection['mode'], min: number | null, max: number | null): number[] {
  return [...samplerWeights(oldLogps, samplingLogps, { mode, min, max })].map((weight) => Number(weight.toFixed(10)));
}

describe('samplerWeights', () => {
  test('by token are moved to the bound or set to zero', () => {
    expect(weights('token_truncate', null, null)).toEqual([0.5, 1, 2.5]);
    expect(weights('token_truncate', null, 2)).toEqual([0.5, 1, 2]);
    expect(weights('token_truncate', 0.8, 2)).toEqual([0.8, 1, 2]);
    expect(weights('token_mask', null, 2)).toEqual([0.5, 1, 0]);
    expect(weights('token_mask', 0.8, null)).toEqual([0, 1, 2.5]);
  });

  test('by sequence are the product over the tokens', () => {
    expect(weights('sequence_truncate', null, null)).toEqual([1.25]);
    expect(weights('sequence_truncate', null, 1.2)).toEqual([1.2]);
    expect(weights('sequence_mask', null, 1.2)).toEqual([0]);
    expect(weights('sequence_mask', 1, 1.3)).toEqual([1.25]);
  });
});
