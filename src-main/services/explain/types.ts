/** What an explanation says: numbers for a program or a chart, and beside them the sentences that put them in words. */
import type { RunType } from '../../contract/config.ts';
import type { RunStatus } from '../../contract/run.ts';
import type { RunWarning } from '../../rewards/watchers/warning.ts';

export interface RunExplanation {
  run: { id: string; name: string; type: RunType; status: RunStatus };
  step: StepExplanation;
  /** Failure patterns in the run so far, whatever step is explained. */
  warnings: RunWarning[];
  /** What was looked for, and how far the run allows to judge it yet. */
  warningsNote: string;
}

export type StepExplanation = GrpoStepExplanation | SupervisedStepExplanation;

export interface GrpoStepExplanation {
  type: 'grpo';
  step: number;
  loss: LossSection;
  ratio: RatioSection;
  advantages: AdvantageSection;
  groups: GroupSection;
  tokens: TokenSection;
}

export interface SupervisedStepExplanation {
  type: Exclude<RunType, 'grpo'>;
  step: number;
  loss: number | null;
  /** Loss of the run's first step. */
  firstLoss: number | null;
  gradientNorm: number | null;
  sentences: string[];
}

/** One summand of the loss, or the loss itself. */
export interface LossTerm {
  name: string;
  value: number;
  /** What it is made of. */
  note: string;
}

export interface LossSection {
  /** As the run recorded them; empty when it did not. */
  terms: LossTerm[];
  /** Mean over the completions, from the stored advantages. */
  meanAdvantage: number;
  /** Mean over the completions of the mean KL of their tokens in nats, from the stored log-probs; null without a reference. */
  meanSequenceKl: number | null;
  /** Loss of the run's first step. */
  firstLoss: number | null;
  gradientNorm: number | null;
  /** Mean size over all tokens of the two parts of the gradient coefficient. */
  meanPush: { advantage: number; kl: number };
  sentences: string[];
}

export interface RatioSection {
  /** Smallest and largest probability ratio over all updates of the step, as recorded. */
  min: number | null;
  max: number | null;
  /** Largest |log π − log π_old| over the stored tokens, from the step's last pass. */
  largestLogDifference: number;
  sentences: string[];
}

export interface AdvantageSection {
  /** The largest |sum of a group's advantages|, and the dataset row of that group. */
  largestSum: number;
  largestSumRow: number | null;
  /** Groups whose advantages do not sum to zero. */
  unbalancedGroups: number;
  sentences: string[];
}

export interface GroupSection {
  groups: number;
  /** The rule that says what is right: the first one. */
  rule: string;
  allRight: number;
  allWrong: number;
  mixed: number;
  /** Groups that the rule does not apply to. */
  unjudged: number;
  /** Groups whose rewards are all equal. */
  zeroVariance: number;
  sentences: string[];
}

/** A token and how the update pushes it. */
export interface TokenPush {
  /** Gradient coefficient as recorded: `fromAdvantage + fromKl`. Positive makes the token more likely. */
  coefficient: number;
  /** The advantage, as the loss counts it: times the ratio, 0 where that is clipped. */
  fromAdvantage: number;
  /** Pull of the KL term: β (π_ref/π − 1) with the estimator k3. */
  fromKl: number;
  /** π, the token's probability under the policy, in 0..1. */
  probability: number;
  /** π_ref; null without a reference. */
  referenceProbability: number | null;
  token: number;
  /** null when the tokenizer is not at hand. */
  text: string | null;
  /** The end of the completion's text before the token; null when the tokenizer is not at hand. */
  before: string | null;
  /** Dataset row of the prompt. */
  row: number;
  /** 0-based places: of the completion in its group, and of the token in the completion. */
  completion: number;
  position: number;
}

export interface TokenSection {
  /** The largest coefficient first, the most negative last; at most one token of a completion. */
  pushes: TokenPush[];
  sentences: string[];
}
