import { describe, expect, test } from 'vitest';
import { largestDifference } from '../../e2e/fixtures/golden.ts';
import { randomTokens, totalsOf } from './fixtures/random-tokens.ts';
import { referenceLoss } from './fixtures/reference-loss.ts';
import { grpoLoss } from './loss.ts';
import { paperLossOptions, type GrpoLossOptions } from './loss-options.ts';
import { highEntropyTokens, type HighEntropyTokens } from './masks.ts';
import type { LossType } from './normalisation.ts';
import type { PolicyTokens } from './policy-tokens.ts';
import type { RatioLevel } from './ratio.ts';
import type { SamplerCorrection } from './sampler-correction.ts';

type Variant = Partial<GrpoLossOptions> & { share?: number };

const modes: SamplerCorrection['mode'][] = ['token_truncate', 'token_mask', 'sequence_truncate', 'sequence_mask'];
const penalties: Variant[] = [
  { beta: 0 },
  ...(['k1', 'k2', 'k3'] as const).flatMap((klEstimator) => [
    { beta: 0.3, klEstimator },
    { beta: 0.3, klEstimator, klBiasCorrection: true },
  ]),
];
const extras: Variant[] = [
  {},
  { epsilonHigh: 0.28 },
  { delta: 1.3 },
  { dualClip: 1.25 },
  { dualClip: 1.1 },
  { share: 0.4 },
  { offPolicyThreshold: 0.01 },
  { entropyCoefficient: 0.05 },
  { entropyCoefficient: 0.05, share: 0.4 },
  ...modes.map((mode) => ({ samplerCorrection: { mode, min: 0.9, max: 1.1 } })),
  { samplerCorrection: { mode: 'token_mask', min: null, max: 1.05 }, share: 0.4, offPolicyThreshold: 0.01, delta: 1.3 },
];

const lossTypes: LossType[] = ['grpo', 'bnpo', 'dr_grpo', 'dapo', 'cispo', 'sapo', 'luspo', 'vespo', 'gmpo'];
const levels: RatioLevel[] = ['token', 'sequence', 'sequence_token'];
const combinations = lossTypes.flatMap((lossType) => levels.map((ratioLevel) => ({ lossType, ratioLevel })));

describe.each(combinations)('$lossType with $ratioLevel ratios', ({ lossType, ratioLevel }) => {
  test('is what the papers say, and its gradient is what finite differences find, with every option', () => {
    for (const seed of [1, 2]) {
      const tokens = randomTokens(seed);
      for (const penalty of penalties) {
        for (const extra of extras) expectDerivative(tokens, { ...penalty, ...extra, lossType, ratioLevel });
      }
    }
  });
});

function expectDerivative(tokens: PolicyTokens, { share, ...variant }: Variant): void {
  const options: GrpoLossOptions = { ...paperLossOptions, maxCompletionLength: 12, ...variant };
  const totals = totalsOf(tokens);
  const high = share === undefined ? null : highEntropyTokens(tokens.entropies, share);
  const result = grpoLoss(tokens, totals, options, high);
  const message = JSON.stringify({ share, ...variant });
  const valueAt = (changed: Partial<PolicyTokens>, mask: HighEntropyTokens | null = high) =>
    referenceLoss({ ...tokens, ...changed }, tokens.logps, totals, options, mask);

  expect(result.loss, message).toBeCloseTo(valueAt({}), 12);
  const numeric = differences(tokens.logps, (logps) => valueAt({ logps }));
  expect(largestDifference(result.gradient, numeric), message).toBeLessThan(1e-7);
  const ofEntropies = differences(tokens.entropies, (entropies) => valueAt({ entropies }));
  const zero = new Float64Array(tokens.logps.length);
  expect(largestDifference(result.entropyGradient ?? zero, ofEntropies), message).toBeLessThan(1e-7);
}

/** Central differences of a function of an array. */
function differences(at: ArrayLike<number>, valueOf: (values: Float64Array) => number): Float64Array {
  const step = 1e-6;
  return Float64Array.from(at, (_, t) => {
    const shifted = (by: number) => {
      const values = Float64Array.from(at);
      values[t] += by;
      return valueOf(values);
    };
    return (shifted(step) - shifted(-step)) / (2 * step);
  });
}
