/** What a pass over the tokens observes for the metrics; parts of a step merge. */
import { emptyTally, type Tally } from './tally.ts';

/** A tally stays empty where the loss has no such thing. */
export interface LossMeasures {
  kl: Tally;
  entropy: Tally;
  /** Entropy of the tokens an entropy bonus acts on. */
  bonusEntropy: Tally;
  ratio: Tally;
  /** Share of tokens clipped, by completion. */
  clippedLow: Tally;
  clippedHigh: Tally;
  /** Share of tokens whose ratio CISPO has capped. */
  cispoCapped: Tally;
  /** VESPO's φ, by completion. */
  vespoWeight: Tally;
  /** |log π_old − log π_sampler|. */
  samplerDifference: Tally;
  samplerWeight: Tally;
}

export function emptyMeasures(): LossMeasures {
  return {
    kl: emptyTally(),
    entropy: emptyTally(),
    bonusEntropy: emptyTally(),
    ratio: emptyTally(),
    clippedLow: emptyTally(),
    clippedHigh: emptyTally(),
    cispoCapped: emptyTally(),
    vespoWeight: emptyTally(),
    samplerDifference: emptyTally(),
    samplerWeight: emptyTally(),
  };
}
