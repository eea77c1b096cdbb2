/** The values a token can be coloured by, with the scale of each. Pure. */
import type { TokenSample } from '../../../src-main/contract/api/samples.ts';

export const measures = ['logp', 'ratio', 'kl', 'entropy', 'coefficient'] as const;

export type Measure = (typeof measures)[number];

export const measureNames: Record<Measure, string> = {
  coefficient: 'Gradient coefficient',
  logp: 'Log-probability',
  ratio: 'Probability ratio π/π_old',
  kl: 'KL to the reference',
  entropy: 'Entropy',
};

/** What the colour says, a sentence each. */
export const measureHelp: Record<Measure, string> = {
  coefficient: 'How strongly this step pushed the token: up when positive, down when negative.',
  logp: 'How likely the policy found the token: 0 is certain, −5 is one in 150.',
  ratio: 'How much likelier the updated policy finds the token than the one that sampled it.',
  kl: 'How far the policy has moved from the reference at this token, in nats (k3).',
  entropy: 'How open the choice was at this token, in nats: 0 is none, 0.7 is between two.',
};

export interface Scale {
  /** One value a token, as it is shown; null: this run has none. */
  values: number[] | null;
  /** The value without colour, and those of the strongest colours. */
  zero: number;
  low: number;
  high: number;
  /** Whether both sides of `zero` have a colour. */
  diverging: boolean;
}

/** Ends of the scales that are the same for every completion, so that two can be compared: −log p = 5 is one in 150. */
const LOGP_END = -5;
const ENTROPY_END = 3;

/** A scale has at least this reach, so that rounding is not painted. */
const LEAST: Record<'coefficient' | 'ratio' | 'kl', number> = { coefficient: 0.01, ratio: 0.02, kl: 0.02 };

export function scaleOf(measure: Measure, sample: TokenSample): Scale {
  switch (measure) {
    case 'logp':
      return { values: sample.policyLogps, zero: 0, low: LOGP_END, high: 0, diverging: false };
    case 'entropy':
      return { values: sample.entropies, zero: 0, low: 0, high: ENTROPY_END, diverging: false };
    case 'kl': {
      const high = Math.max(LEAST.kl, largest(sample.kl ?? []));
      return { values: sample.kl, zero: 0, low: 0, high, diverging: false };
    }
    case 'ratio': {
      const reach = Math.max(LEAST.ratio, largest(sample.ratios.map((ratio) => ratio - 1)));
      return { values: sample.ratios, zero: 1, low: 1 - reach, high: 1 + reach, diverging: true };
    }
    case 'coefficient': {
      const reach = Math.max(LEAST.coefficient, largest(sample.coefficients));
      return { values: sample.coefficients, zero: 0, low: -reach, high: reach, diverging: true };
    }
  }
}

/** Where a value stands on its scale: −1 for `low`, 0 for `zero`, 1 for `high`. On a scale of one side, its distance from zero. */
export function placeOn({ zero, low, high, diverging }: Scale, value: number): number {
  const side = value < zero ? zero - low : high - zero;
  const place = side === 0 ? 0 : Math.min(1, Math.abs(value - zero) / side);
  return diverging && value < zero ? -place : place;
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
