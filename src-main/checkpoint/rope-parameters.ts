/** Rotary position embeddings (RoFormer, arXiv 2104.09864) and the ways to stretch them: from config.json to angles, as transformers
 * computes them. */
import type { RopeEntry } from './config-keys.ts';

/** How the frequencies of a model differ from plain ones. */
export type RopeScaling =
  | { type: 'default' }
  /** Position interpolation (arXiv 2306.15595): all positions divided by the factor. */
  | { type: 'linear'; factor: number }
  /** NTK-aware scaling of the base, by how far a sequence is longer than `positions`. */
  | { type: 'dynamic'; factor: number; positions: number }
  /** Llama 3.1: long wavelengths divided by the factor, short ones left, those between blended. */
  | { type: 'llama3'; factor: number; lowFactor: number; highFactor: number; originalPositions: number }
  /** YaRN (arXiv 2309.00071). */
  | { type: 'yarn'; factor: number; betaFast: number; betaSlow: number; truncate: boolean; originalPositions: number }
  /** LongRoPE (arXiv 2402.13753): a divisor for each frequency, other ones for sequences longer than `originalPositions`. */
  | { type: 'longrope'; short: readonly number[]; long: readonly number[]; originalPositions: number };

export interface RopeParameters {
  theta: number;
  /** Leading entries of a head that are rotated. */
  rotaryDim: number;
  scaling: RopeScaling;
  /** What cosines and sines are multiplied by; 1 for most kinds. */
  attentionFactor: number;
}

export interface RopeSurroundings {
  /** Base of the frequencies where the entry names none. */
  theta: number;
  headDim: number;
  /** Share of a head that is rotated. */
  partialFactor: number;
  maxPositions: number;
  /** The length the model was first trained at; it comes before the entry's own. */
  originalPositions: number | null;
  /** Ends reading: the kind of scaling is not supported, or it lacks a value. */
  refuse: (message: string) => never;
  invalid: (message: string) => never;
}

/** Reads one entry, with transformers' defaults for what it leaves out. */
export function readRope(entry: RopeEntry, surroundings: RopeSurroundings): RopeParameters {
  const { headDim, maxPositions, invalid, refuse } = surroundings;
  const type = entry.rope_type ?? entry.type ?? 'default';
  const needed = (name: keyof RopeEntry): number => {
    const value = entry[name];
    return typeof value === 'number' ? value : invalid(`RoPE scaling "${type}" needs ${name}`);
  };
  const originalPositions = surroundings.originalPositions ?? entry.original_max_position_embeddings ?? maxPositions;
  const parameters = {
    theta: entry.rope_theta ?? surroundings.theta,
    rotaryDim: Math.floor(headDim * surroundings.partialFactor),
    attentionFactor: 1,
  };
  switch (type) {
    case 'default':
      return { ...parameters, scaling: { type } };
    case 'linear':
      return { ...parameters, scaling: { type, factor: needed('factor') } };
    case 'dynamic':
      return { ...parameters, scaling: { type, factor: needed('factor'), positions: maxPositions } };
    case 'llama3': {
      const [lowFactor, highFactor] = [needed('low_freq_factor'), needed('high_freq_factor')];
      return { ...parameters, scaling: { type, factor: needed('factor'), lowFactor, highFactor, originalPositions } };
    }
    case 'yarn': {
      const factor = entry.factor ?? maxPositions / originalPositions;
      const [betaFast, betaSlow] = [entry.beta_fast ?? 32, entry.beta_slow ?? 1];
      const scaling = {
        type,
        factor,
        betaFast,
        betaSlow,
        truncate: entry.truncate ?? true,
        originalPositions,
      } as const;
      return { ...parameters, attentionFactor: entry.attention_factor ?? yarnAttention(factor, entry), scaling };
    }
    case 'longrope': {
      const factor = entry.factor ?? maxPositions / originalPositions;
      const factors = (name: 'short_factor' | 'long_factor'): readonly number[] => {
        const values = entry[name];
        const count = Math.ceil(parameters.rotaryDim / 2);
        if (values?.length !== count) return invalid(`RoPE scaling "longrope" needs ${count} numbers in ${name}`);
        return values;
      };
      const scaling = {
        type,
        short: factors('short_factor'),
        long: factors('long_factor'),
        originalPositions,
      } as const;
      const attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalPositions));
      return { ...parameters, attentionFactor: entry.attention_factor ?? attention, scaling };
    }
    default:
      return refuse(`RoPE scaling "${type}" is not supported`);
  }
}

/** The temperature of YaRN, section 3.4 of its paper; with both mscales, the ratio that DeepSeek takes. */
function yarnAttention(factor: number, { mscale, mscale_all_dim: mscaleAll }: RopeEntry): number {
  const temperature = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return mscale && mscaleAll ? temperature(mscale) / temperature(mscaleAll) : temperature(1);
}

/** The longest sequence a model takes: what its config says, or what scaling stretches it to where the config leaves that out. */
export function contextLength(maxPositions: number, ropes: readonly RopeParameters[]): number {
  return ropes.reduce((longest, { scaling }) => {
    if (scaling.type === 'dynamic') return Math.max(longest, Math.floor(maxPositions * scaling.factor));
    if (scaling.type === 'yarn') return Math.max(longest, Math.floor(scaling.originalPositions * scaling.factor));
    return longest;
  }, maxPositions);
}

/** Which of its frequencies a model uses for sequences of this length: lengths of the same regime have the same ones. */
export function ropeRegime({ scaling }: RopeParameters, length: number): number {
  if (scaling.type === 'dynamic') return Math.max(length, scaling.positions);
  if (scaling.type === 'longrope') return length > scaling.originalPositions ? 1 : 0;
  return 0;
}

/**
 * Angle per position of each rotated pair, in float32 with transformers' roundings, for sequences of `length` tokens.
 *
 * @returns [rotaryDim / 2]
 */
export function ropeFrequencies({ theta, rotaryDim, scaling }: RopeParameters, length: number): Float32Array {
  const exponents = Array.from({ length: Math.ceil(rotaryDim / 2) }, (_, i) => Math.fround((2 * i) / rotaryDim));
  const plain = (base: number): number[] => exponents.map((exponent) => round(1 / round(base ** exponent)));
  switch (scaling.type) {
    case 'default':
      return Float32Array.from(plain(theta));
    case 'linear':
      return Float32Array.from(plain(theta), (frequency) => frequency / scaling.factor);
    case 'dynamic': {
      const stretch = (scaling.factor * Math.max(length, scaling.positions)) / scaling.positions - (scaling.factor - 1);
      return Float32Array.from(plain(theta * stretch ** (rotaryDim / (rotaryDim - 2))));
    }
    case 'llama3':
      return Float32Array.from(plain(theta), (frequency) => llama3Frequency(frequency, scaling));
    case 'yarn': {
      const { factor } = scaling;
      const share = yarnExtrapolation(theta, rotaryDim, scaling);
      return Float32Array.from(exponents, (exponent, i) => {
        const wavelength = round(theta ** exponent);
        return (
          round(round(1 / round(factor * wavelength)) * round(1 - share[i])) + round(round(1 / wavelength) * share[i])
        );
      });
    }
    case 'longrope': {
      const divisors = length > scaling.originalPositions ? scaling.long : scaling.short;
      return Float32Array.from(exponents, (exponent, i) => 1 / round(round(divisors[i]) * round(theta ** exponent)));
    }
  }
}

const round = Math.fround;

function llama3Frequency(frequency: number, scaling: RopeScaling & { type: 'llama3' }): number {
  const { factor, lowFactor, highFactor, originalPositions } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > originalPositions / lowFactor) return frequency / factor;
  if (wavelength < originalPositions / highFactor) return frequency;
  const smooth = (originalPositions / wavelength - lowFactor) / (highFactor - lowFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** How much of each frequency stays as it is: 1 up to the pair that turns betaFast times in the trained length, then falling to 0. */
function yarnExtrapolation(theta: number, rotaryDim: number, scaling: RopeScaling & { type: 'yarn' }): number[] {
  const { betaFast, betaSlow, truncate, originalPositions } = scaling;
  const pairTurning = (turns: number): number =>
    (rotaryDim * Math.log(originalPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [pairTurning(betaFast), pairTurning(betaSlow)];
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(truncate ? Math.ceil(slow) : slow, rotaryDim - 1);
  const span = low === high ? 0.001 : high - low;
  return Array.from({ length: Math.ceil(rotaryDim / 2) }, (_, i) =>
    round(1 - round(Math.min(1, Math.max(0, (i - low) / span)))),
  );
}
