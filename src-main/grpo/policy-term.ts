/** The policy term of one completion: what each loss makes of ratios and advantages, before tokens are averaged. */
import { cappedWeight } from './cispo.ts';
import { clippedSurrogate, type ClipSide } from './clip.ts';
import { geometricLogRatios } from './gmpo.ts';
import type { LossMeasures } from './loss-measures.ts';
import type { GrpoLossOptions } from './loss-options.ts';
import { policyDrift } from './masks.ts';
import type { Completion } from './policy-tokens.ts';
import type { LogRatios } from './ratio.ts';
import { samplerWeights } from './sampler-correction.ts';
import { softSurrogate } from './sapo.ts';
import { mean } from './statistics.ts';
import { record } from './tally.ts';
import { gammaWeight, sequenceLogWeight } from './vespo.ts';

/** A term's value at each token [T], and the gradient of their sum with respect to the log-probs [T]. */
export interface Term {
  values: Float64Array;
  gradient: Float64Array;
}

/**
 * The objective, to be maximised: a bounded w·Â, or sg[weight]·Â·log π for `cispo` and `vespo`; times a constant for each token that is
 * 1 but for masks and the sampler correction.
 *
 * @param ratios at the level of the options
 * @param kept the high-entropy tokens [T]
 * @param measures gets what was clipped and weighted
 */
export function policyTerm(
  completion: Completion,
  ratios: LogRatios,
  kept: readonly boolean[],
  options: GrpoLossOptions,
  measures: LossMeasures,
): Term {
  const { logps, oldLogps, samplingLogps, advantages } = completion;
  const tokenLogRatios = logps.map((logp, t) => logp - oldLogps[t]);
  const correction =
    options.samplerCorrection === null
      ? new Float64Array()
      : samplerWeights(oldLogps, samplingLogps, options.samplerCorrection);
  for (const weight of correction) record(measures.samplerWeight, weight);

  switch (options.lossType) {
    case 'grpo':
    case 'bnpo':
    case 'dr_grpo':
    case 'dapo':
    case 'luspo': {
      const surrogates = Array.from(ratios.values, (logRatio, t) =>
        clippedSurrogate(Math.exp(logRatio), advantages[t], options),
      );
      recordClipped(
        measures,
        surrogates.map(({ clipped }) => clipped),
        options.ratioLevel !== 'sequence',
      );
      return ratioTerm(ratios, surrogates, constants(completion, kept, correction, options));
    }
    case 'sapo': {
      const surrogates = Array.from(ratios.values, (logRatio, t) =>
        softSurrogate(Math.exp(logRatio), advantages[t], options.sapo),
      );
      return ratioTerm(ratios, surrogates, constants(completion, kept, correction, options));
    }
    case 'gmpo': {
      const geometric = geometricLogRatios(tokenLogRatios, advantages, kept, options);
      recordClipped(measures, geometric.clipped, true);
      const surrogates = Array.from(geometric.values, (logRatio, t) => {
        const value = Math.exp(logRatio) * advantages[t];
        return { value, slope: value };
      });
      // The tokens of low entropy are left out of the mean already.
      return ratioTerm(geometric, surrogates, constants(completion, null, correction, options));
    }
    case 'cispo': {
      const weights = Array.from(ratios.values, (logRatio, t) =>
        cappedWeight(Math.exp(logRatio), advantages[t], options.epsilonHigh),
      );
      recordShare(
        measures.cispoCapped,
        weights.map(({ capped }) => capped),
        options.ratioLevel !== 'sequence',
      );
      return logpTerm(
        logps,
        weights.map(({ factor }) => factor),
        constants(completion, kept, correction, options),
      );
    }
    case 'vespo': {
      const logWeight = sequenceLogWeight(tokenLogRatios, correction);
      const weights = advantages.map((advantage) => gammaWeight(logWeight, advantage, options.vespo));
      record(measures.vespoWeight, weights.length === 0 ? 1 : mean(weights));
      // The sampler's deviation is in the weight already.
      const factors = weights.map((weight, t) => weight * advantages[t]);
      return logpTerm(logps, factors, constants(completion, kept, new Float64Array(), options));
    }
  }
}

/** The constant factor of each token's term [T]: 0 where a mask leaves the token out, else the sampler correction. */
function constants(
  { logps, samplingLogps, advantages }: Completion,
  kept: readonly boolean[] | null,
  correction: Float64Array,
  { offPolicyThreshold }: GrpoLossOptions,
): Float64Array {
  const offPolicy = offPolicyThreshold !== null && policyDrift(logps, samplingLogps) > offPolicyThreshold;
  return logps.map((_, t) => {
    if ((offPolicy && advantages[t] < 0) || (kept !== null && !kept[t])) return 0;
    return correction.length === 0 ? 1 : correction[correction.length === 1 ? 0 : t];
  });
}

/** A term that hangs on the log-probs through the ratios. */
function ratioTerm(
  ratios: LogRatios,
  surrogates: readonly { value: number; slope: number }[],
  constants: Float64Array,
): Term {
  return {
    values: constants.map((constant, t) => constant * surrogates[t].value),
    gradient: ratios.pullBack(constants.map((constant, t) => constant * surrogates[t].slope)),
  };
}

/** A term that is a constant times the log-prob. */
function logpTerm(logps: Float64Array, factors: ArrayLike<number>, constants: Float64Array): Term {
  const gradient = constants.map((constant, t) => constant * factors[t]);
  return { values: gradient.map((factor, t) => factor * logps[t]), gradient };
}

function recordClipped(measures: LossMeasures, clipped: readonly ClipSide[], byToken: boolean): void {
  recordShare(
    measures.clippedLow,
    clipped.map((side) => side === 'low'),
    byToken,
  );
  recordShare(
    measures.clippedHigh,
    clipped.map((side) => side === 'high'),
    byToken,
  );
}

/** Token ratios weigh every token the same; a sequence ratio counts once, for a completion without tokens too. */
function recordShare(tally: LossMeasures['clippedLow'], flags: readonly boolean[], byToken: boolean): void {
  const share = flags.length === 0 ? 0 : mean(flags.map(Number));
  record(tally, share, byToken ? flags.length : 1);
}
