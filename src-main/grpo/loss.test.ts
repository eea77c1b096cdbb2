import { describe, expect, test } from 'vitest';
import { golden, largestDifference, offsetsOf, unpad } from '../../e2e/fixtures/golden.ts';
import { grpoLoss, type PolicyTokens } from './loss.ts';
import { RandomStream } from './random.ts';

interface Case {
  name: string;
  config: { epsilon: number; beta: number; on_policy: boolean };
  inputs: {
    logps: number[][];
    old_logps: number[][];
    ref_logps: number[][] | null;
    advantages: number[];
    mask: number[][];
  };
  expected: { loss: number; grad_logps: number[][]; metrics: Record<string, number> };
}

const names = ['grpo/token/beta=0.0', 'grpo/token/beta=0.04', 'grpo/on-policy: one-step case'];
const cases = golden<{ cases: Case[] }>('grpo_loss').cases.filter(({ name }) => names.includes(name));

describe('grpoLoss', () => {
  test('finds every golden case it should be held to', () => expect(cases).toHaveLength(names.length));

  test.each(cases)('equals TRL: $name', ({ config, inputs, expected }) => {
    const { logps, old_logps, ref_logps, advantages, mask } = inputs;
    const result = grpoLoss(
      {
        offsets: offsetsOf(mask),
        logps: unpad(logps, mask),
        oldLogps: unpad(config.on_policy ? logps : old_logps, mask),
        referenceLogps: ref_logps === null ? null : unpad(ref_logps, mask),
        advantages,
      },
      { epsilon: config.epsilon, beta: config.beta, completions: advantages.length },
    );
    expect(Math.abs(result.loss - expected.loss)).toBeLessThan(1e-5);
    expect(largestDifference(result.gradient, unpad(expected.grad_logps, mask))).toBeLessThan(1e-5);
    const { sums } = result;
    expect(sums.clippedLow / sums.tokens).toBeCloseTo(expected.metrics['clip_ratio/low_mean'], 4);
    expect(sums.clippedHigh / sums.tokens).toBeCloseTo(expected.metrics['clip_ratio/high_mean'], 4);
    if (ref_logps !== null) expect(sums.kl / sums.tokens).toBeCloseTo(expected.metrics['kl'], 4);
  });

  test('has the gradient that finite differences find', () => {
    const tokens = randomTokens();
    const options = { epsilon: 0.2, beta: 0.3, completions: 3 };
    const { gradient } = grpoLoss(tokens, options);
    const step = 1e-6;
    const numeric = gradient.map((_, t) => {
      const shifted = (by: number) => {
        const logps = Float64Array.from(tokens.logps);
        logps[t] += by;
        return grpoLoss({ ...tokens, logps }, options).loss;
      };
      return (shifted(step) - shifted(-step)) / (2 * step);
    });
    expect(largestDifference(gradient, numeric)).toBeLessThan(1e-8);
  });

  test('on-policy: the value is the KL term alone, the gradient is not', () => {
    const tokens = randomTokens();
    // Advantages of a group of three that sum to zero.
    const onPolicy = { ...tokens, oldLogps: tokens.logps, advantages: [1, -0.25, -0.75] };
    const { loss, klLoss, gradient } = grpoLoss(onPolicy, { epsilon: 0.2, beta: 0.04, completions: 3 });
    expect(loss).toBeCloseTo(klLoss, 12);
    for (let i = 0; i < 3; i++) {
      for (let t = tokens.offsets[i]; t < tokens.offsets[i + 1]; t++) {
        const ratio = Math.exp((tokens.referenceLogps as ArrayLike<number>)[t] - tokens.logps[t]);
        const coefficient = onPolicy.advantages[i] + 0.04 * (ratio - 1);
        expect(gradient[t]).toBeCloseTo(-coefficient / (3 * (tokens.offsets[i + 1] - tokens.offsets[i])), 12);
      }
    }
  });

  test('of two micro-batches adds up to that of the whole batch', () => {
    const tokens = randomTokens();
    const options = { epsilon: 0.2, beta: 0.04, completions: 3 };
    const slice = (values: ArrayLike<number>, from: number, to: number) => Array.from(values).slice(from, to);
    const part = (first: number, last: number): PolicyTokens => {
      const [from, to] = [tokens.offsets[first], tokens.offsets[last]];
      return {
        offsets: slice(tokens.offsets, first, last + 1).map((offset) => offset - from),
        logps: slice(tokens.logps, from, to),
        oldLogps: slice(tokens.oldLogps, from, to),
        referenceLogps: slice(tokens.referenceLogps as ArrayLike<number>, from, to),
        advantages: slice(tokens.advantages, first, last),
      };
    };
    const whole = grpoLoss(tokens, options);
    const parts = [grpoLoss(part(0, 1), options), grpoLoss(part(1, 3), options)];
    expect(parts[0].loss + parts[1].loss).toBeCloseTo(whole.loss, 12);
    expect(largestDifference([...parts[0].gradient, ...parts[1].gradient], whole.gradient)).toBeLessThan(1e-12);
  });
});

/** Three completions of 4, 1 and 6 tokens whose ratios lie on both sides of the clip range. */
function randomTokens(): PolicyTokens {
  const random = RandomStream.of(3, 'loss');
  const logps = Float64Array.from({ length: 11 }, () => -3 * random.nextFloat());
  return {
    offsets: [0, 4, 5, 11],
    logps,
    oldLogps: logps.map((logp) => logp + random.nextFloat() - 0.5),
    referenceLogps: logps.map((logp) => logp + random.nextFloat() - 0.5),
    advantages: [1.2, -0.7, 0.4],
  };
}
