import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { golden, largestDifference, offsetsOf, unpad } from '../../e2e/fixtures/golden.ts';
import { lossOptions, type TrlConfig } from '../../e2e/golden/trl-config.ts';
import { randomTokens, slice, totalsOf } from './fixtures/random-tokens.ts';
import { grpoLoss } from './loss.ts';
import { paperLossOptions, type GrpoLossOptions } from './loss-options.ts';
import { highEntropyTokens } from './masks.ts';
import { lossMetrics } from './metrics.ts';
import type { LossType, StepTotals } from './normalisation.ts';
import { spreadOverTokens, type PolicyTokens } from './policy-tokens.ts';
import type { SamplerCorrection } from './sampler-correction.ts';

interface Case {
  name: string;
  config: TrlConfig & { importance_mode?: SamplerCorrection['mode'] | null };
  /** Bounds of the sampler correction. */
  bounds?: [number, number];
  inputs: {
    logps: number[][];
    old_logps: number[][] | null;
    ref_logps: number[][] | null;
    sampling_logps?: number[][] | null;
    importance_ratio?: number[][] | null;
    advantages: number[];
    mask: number[][];
    entropies: number[][];
    num_items_in_batch: number;
  };
  expected: {
    loss: number;
    grad_logps: number[][];
    grad_entropies?: number[][] | null;
    metrics: Record<string, number>;
  };
}

function read({ config, bounds, inputs }: Case): {
  tokens: PolicyTokens;
  totals: StepTotals;
  options: GrpoLossOptions;
} {
  const { mask } = inputs;
  const offsets = offsetsOf(mask);
  const oldLogps = unpad(inputs.old_logps ?? inputs.logps, mask);
  const steps = config.gradient_accumulation_steps;
  let samplingLogps = oldLogps;
  let samplerCorrection: SamplerCorrection | null = null;
  if (inputs.sampling_logps && bounds && config.importance_mode) {
    samplingLogps = unpad(inputs.sampling_logps, mask);
    samplerCorrection = { mode: config.importance_mode, min: bounds[0], max: bounds[1] };
  } else if (inputs.importance_ratio) {
    // The weights are given: log-probs of a sampler that lead to them.
    const weights = unpad(inputs.importance_ratio, mask);
    samplingLogps = oldLogps.map((logp, t) => logp - Math.log(weights[t]));
    samplerCorrection = { mode: 'token_truncate', min: null, max: null };
  }
  return {
    tokens: {
      offsets,
      logps: unpad(inputs.logps, mask),
      oldLogps,
      samplingLogps,
      referenceLogps: inputs.ref_logps === null ? null : unpad(inputs.ref_logps, mask),
      entropies: unpad(inputs.entropies, mask),
      advantages: spreadOverTokens(inputs.advantages, offsets),
    },
    totals: {
      completions: mask.length * steps,
      tokens: oldLogps.length * steps,
      averageTokens: (inputs.num_items_in_batch * steps) / config.steps_per_generation,
    },
    options: lossOptions(config, samplerCorrection),
  };
}

function expectToEqualTrl(reference: Case): void {
  const { config, inputs, expected } = reference;
  const { tokens, totals, options } = read(reference);
  const steps = config.gradient_accumulation_steps;
  let highEntropy = null;
  if (config.top_entropy_quantile < 1) {
    highEntropy = highEntropyTokens(tokens.entropies, config.top_entropy_quantile);
    highEntropy.tokens *= steps;
  }
  const result = grpoLoss(tokens, totals, options, highEntropy);
  expect(Math.abs(result.loss - expected.loss)).toBeLessThan(1e-5);
  expect(largestDifference(result.gradient, unpad(expected.grad_logps, inputs.mask))).toBeLessThan(1e-5);
  if (expected.grad_entropies) {
    const gradient = unpad(expected.grad_entropies, inputs.mask);
    expect(largestDifference(result.entropyGradient ?? [], gradient)).toBeLessThan(1e-5);
  }
  const metrics = lossMetrics([result], 1, options);
  for (const [name, value] of Object.entries(expected.metrics)) {
    // TRL logs the policy loss of a micro-batch before dividing it by their number, except where it divides by tokens.
    const parts = name === 'policy_loss' && !['dapo', 'cispo', 'vespo'].includes(config.loss_type) ? steps : 1;
    expect(Math.abs(metrics[name] * parts - value), name).toBeLessThan(1e-4);
  }
}

const cases = golden<{ cases: Case[] }>('grpo_loss').cases;
// TRL's experimental trainers and combinations that the golden data leaves out, in the same form.
const more = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', 'trl-loss.json'), 'utf8')) as {
  cases: Case[];
};

describe('grpoLoss', () => {
  test.each(cases)('equals TRL: $name', expectToEqualTrl);
  test.each(more.cases)('equals TRL: $name', expectToEqualTrl);

  test('logs the metrics of its loss type and no others', () => {
    const names = (lossType: LossType) => {
      const options = { ...paperLossOptions, lossType, maxCompletionLength: 12 };
      return Object.keys(lossMetrics([grpoLoss(randomTokens(1), totalsOf(randomTokens(1)), options)], 1, options));
    };
    expect(names('sapo')).not.toContain('clip_ratio/low_mean');
    expect(names('gmpo')).toContain('clip_ratio/low_mean');
    expect(names('grpo')).not.toContain('policy_loss');
    expect(names('grpo')).not.toContain('sampling/importance_sampling_ratio/mean');
    expect(names('grpo')).not.toContain('vespo/phi_seq_mean');
    expect(names('vespo')).toContain('vespo/phi_seq_mean');
    expect(names('cispo')).toContain('cispo_clip_ratio');
  });

  const lossTypes: LossType[] = ['grpo', 'bnpo', 'dr_grpo', 'dapo', 'cispo', 'sapo', 'luspo', 'vespo', 'gmpo'];

  test.each(lossTypes)('of micro-batches adds up to that of the step: %s', (lossType) => {
    const tokens = randomTokens(5);
    const totals = totalsOf(tokens);
    const highEntropy = highEntropyTokens(tokens.entropies, 0.5);
    const options: GrpoLossOptions = {
      ...paperLossOptions,
      lossType,
      entropyCoefficient: 0.1,
      offPolicyThreshold: 0.05,
      samplerCorrection: { mode: 'sequence_truncate', min: null, max: 1.1 },
      maxCompletionLength: 12,
    };
    const whole = grpoLoss(tokens, totals, options, highEntropy);
    const parts = [slice(tokens, 0, 1), slice(tokens, 1, 3), slice(tokens, 3, 4)].map((part) =>
      grpoLoss(part, totals, options, highEntropy),
    );
    for (const term of ['loss', 'policyLoss', 'klLoss', 'entropyLoss'] as const) {
      expect(parts.reduce((total, part) => total + part[term], 0)).toBeCloseTo(whole[term], 12);
    }
    for (const array of ['gradient', 'entropyGradient', 'coefficients'] as const) {
      const joined = parts.flatMap((part) => Array.from(part[array] ?? []));
      expect(largestDifference(joined, whole[array] ?? [])).toBeLessThan(1e-12);
    }
    const metrics = lossMetrics(parts, 1, options);
    for (const [name, value] of Object.entries(lossMetrics([whole], 1, options))) {
      expect(metrics[name], name).toBeCloseTo(value, 10);
    }
  });

  test('of a completion that is left out (truncated) counts in the mean and gives nothing else', () => {
    const tokens = randomTokens(2);
    const totals = totalsOf(tokens);
    const options = { ...paperLossOptions, maxCompletionLength: 12 };
    const without = { ...tokens, offsets: [...Array.from(tokens.offsets), tokens.logps.length] };
    const masked = grpoLoss(without, { ...totals, completions: totals.completions + 1 }, options);
    const whole = grpoLoss(tokens, totals, options);
    expect(masked.loss).toBeCloseTo((whole.loss * totals.completions) / (totals.completions + 1), 12);
  });

  test('dual clip and two-sided clip at the same bound are the same loss', () => {
    const tokens = randomTokens(4);
    const options = { ...paperLossOptions, maxCompletionLength: 12 };
    const dual = grpoLoss(tokens, totalsOf(tokens), { ...options, dualClip: 1.3 });
    const sided = grpoLoss(tokens, totalsOf(tokens), { ...options, delta: 1.3 });
    expect(dual.loss).toBeCloseTo(sided.loss, 12);
    expect(largestDifference(dual.gradient, sided.gradient)).toBeLessThan(1e-12);
    expect(dual.loss).not.toBeCloseTo(grpoLoss(tokens, totalsOf(tokens), options).loss, 4);
  });
});
