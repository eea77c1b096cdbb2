/**
 * The GRPO objective on per-token log-probs and what the field has made of it, with the gradient written out, in float64.
 *
 * DeepSeekMath (arXiv 2402.03300) eq. 3, negated to be minimised:
 *
 *   L = −1/R Σ_i 1/|o_i| Σ_t [ min(w_it Â_it, clip(w_it, 1−ε, 1+ε) Â_it) − β KL_it ],   w = π/π_old
 *
 * With one update per batch w = 1: the policy term's value is −Σ Â over the groups, which is zero, so the value of L is β·KL, while its
 * gradient is −(Â + β(π_ref/π − 1)) ∇log π, which is not.
 *
 * Every variant is this sum with a piece exchanged: the ratio (ratio.ts, gmpo.ts), what bounds it (clip.ts, sapo.ts, cispo.ts,
 * vespo.ts, joined in policy-term.ts), the weight of a token (normalisation.ts), which tokens take part (masks.ts,
 * sampler-correction.ts), the estimate of KL (kl.ts), and an entropy bonus.
 */
import { klEstimate } from './kl.ts';
import { emptyMeasures, type LossMeasures } from './loss-measures.ts';
import type { GrpoLossOptions } from './loss-options.ts';
import { isHighEntropy, type HighEntropyTokens } from './masks.ts';
import { tokenWeight, type StepTotals } from './normalisation.ts';
import { policyTerm, type Term } from './policy-term.ts';
import { splitCompletions, type PolicyTokens } from './policy-tokens.ts';
import { logRatios, type LogRatios } from './ratio.ts';
import { record } from './tally.ts';

export interface GrpoLoss {
  /** policyLoss + klLoss + entropyLoss. */
  loss: number;
  policyLoss: number;
  klLoss: number;
  entropyLoss: number;
  /** d loss / d logps [M]. */
  gradient: Float64Array;
  /** d loss / d entropies [M]; null without an entropy bonus. */
  entropyGradient: Float64Array | null;
  /**
   * The gradient coefficient of each token [M], DeepSeekMath eq. 21: the factor of ∇log π in the ascent direction before tokens are
   * averaged. Â + β(π_ref/π − 1) in the plain on-policy case. Positive makes the token more likely.
   */
  coefficients: Float64Array;
  measures: LossMeasures;
}

/**
 * @param tokens the completions of a micro-batch
 * @param totals sizes of the whole optimizer step; losses and gradients of its micro-batches add up
 * @param highEntropy the tokens whose policy term and entropy bonus count; null for all
 */
export function grpoLoss(
  tokens: PolicyTokens,
  totals: StepTotals,
  options: GrpoLossOptions,
  highEntropy: HighEntropyTokens | null = null,
): GrpoLoss {
  const { beta, entropyCoefficient } = options;
  const gradient = new Float64Array(tokens.logps.length);
  const entropyGradient = entropyCoefficient === 0 ? null : new Float64Array(tokens.logps.length);
  const coefficients = new Float64Array(tokens.logps.length);
  const measures = emptyMeasures();
  let policyLoss = 0;
  let klLoss = 0;
  let entropyLoss = 0;
  // The bonus is the coefficient times the mean entropy, whatever the loss divides its policy term by.
  const bonusWeight = entropyCoefficient / (highEntropy?.tokens ?? totals.tokens);

  for (const completion of splitCompletions(tokens)) {
    const { start, logps, oldLogps, samplingLogps, referenceLogps, entropies } = completion;
    const weight = tokenWeight(options.lossType, logps.length, totals, options.maxCompletionLength);
    const ratios = logRatios(options.ratioLevel, logps, oldLogps);
    const kept = Array.from(
      entropies,
      (entropy) => highEntropy === null || isHighEntropy(entropy, highEntropy.threshold),
    );
    const policy = policyTerm(completion, ratios, kept, options, measures);
    const kl = referenceLogps === null ? null : klTerm(logps, referenceLogps, ratios, options);

    for (let t = 0; t < logps.length; t++) {
      policyLoss -= weight * policy.values[t];
      coefficients[start + t] = policy.gradient[t];
      if (kl !== null) {
        klLoss += weight * beta * kl.values[t];
        coefficients[start + t] -= beta * kl.gradient[t];
        record(measures.kl, kl.values[t]);
      }
      gradient[start + t] = -weight * coefficients[start + t];

      if (kept[t]) {
        entropyLoss -= bonusWeight * entropies[t];
        if (entropyGradient !== null) entropyGradient[start + t] = -bonusWeight;
        record(measures.bonusEntropy, entropies[t]);
      }
      record(measures.entropy, entropies[t]);
      record(measures.ratio, Math.exp(ratios.values[t]));
      record(measures.samplerDifference, Math.abs(oldLogps[t] - samplingLogps[t]));
    }
  }
  const loss = policyLoss + klLoss + entropyLoss;
  return { loss, policyLoss, klLoss, entropyLoss, gradient, entropyGradient, coefficients, measures };
}

/** The KL term of one completion, to be minimised; with the bias correction the gradient goes through the ratio too. */
function klTerm(logps: Float64Array, referenceLogps: Float64Array, ratios: LogRatios, options: GrpoLossOptions): Term {
  const estimates = Array.from(logps, (logp, t) => klEstimate(options.klEstimator, logp, referenceLogps[t]));
  if (!options.klBiasCorrection) {
    return {
      values: logps.map((_, t) => estimates[t].value),
      gradient: logps.map((_, t) => estimates[t].slope),
    };
  }
  const values = ratios.values.map((logRatio, t) => Math.exp(logRatio) * estimates[t].value);
  const throughRatio = ratios.pullBack(values);
  const gradient = throughRatio.map((slope, t) => slope + Math.exp(ratios.values[t]) * estimates[t].slope);
  return { values, gradient };
}
