/** The tokens a loss is taken over, packed, and cut into completions. */

/** The tokens of some completions, one after the other, without padding. */
export interface PolicyTokens {
  /** First token of each completion, and the total at the end [R' + 1]. A completion left out of the loss may have no tokens. */
  offsets: ArrayLike<number>;
  /** log π(token) under the policy being trained [M]. */
  logps: ArrayLike<number>;
  /** log π_old(token), by the trainer before the first update [M]. */
  oldLogps: ArrayLike<number>;
  /** log π_sampler(token), as sampled [M]. */
  samplingLogps: ArrayLike<number>;
  /** log π_ref(token) [M]; null without a reference. With β = 0 the KL is measured only. */
  referenceLogps: ArrayLike<number> | null;
  /** Entropy of the policy at each token, in nats [M]. */
  entropies: ArrayLike<number>;
  /** Advantage of each token [M]; with outcome rewards the same for all tokens of a completion. */
  advantages: ArrayLike<number>;
}

/** One completion's part of each array [T]. */
export interface Completion {
  /** Its first token in the packed arrays. */
  start: number;
  logps: Float64Array;
  oldLogps: Float64Array;
  samplingLogps: Float64Array;
  referenceLogps: Float64Array | null;
  entropies: Float64Array;
  advantages: Float64Array;
}

export function splitCompletions(tokens: PolicyTokens): Completion[] {
  const { offsets } = tokens;
  const logps = Float64Array.from(tokens.logps);
  const oldLogps = Float64Array.from(tokens.oldLogps);
  const samplingLogps = Float64Array.from(tokens.samplingLogps);
  const referenceLogps = tokens.referenceLogps === null ? null : Float64Array.from(tokens.referenceLogps);
  const entropies = Float64Array.from(tokens.entropies);
  const advantages = Float64Array.from(tokens.advantages);
  return Array.from({ length: offsets.length - 1 }, (_, i) => {
    const part = (values: Float64Array) => values.subarray(offsets[i], offsets[i + 1]);
    return {
      start: offsets[i],
      logps: part(logps),
      oldLogps: part(oldLogps),
      samplingLogps: part(samplingLogps),
      referenceLogps: referenceLogps === null ? null : part(referenceLogps),
      entropies: part(entropies),
      advantages: part(advantages),
    };
  });
}

/** A value of each completion [R'] at each of its tokens [M]. */
export function spreadOverTokens(values: ArrayLike<number>, offsets: ArrayLike<number>): Float64Array {
  const spread = new Float64Array(offsets[offsets.length - 1]);
  for (let i = 0; i + 1 < offsets.length; i++) spread.fill(values[i], offsets[i], offsets[i + 1]);
  return spread;
}
