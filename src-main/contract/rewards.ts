/** What the test bench of reward rules reports: scores, what would follow from them, and what looks wrong with the rules. */
import type { RuleScore } from './engine.ts';

/** Numbers in summary; null where there is none to summarise. */
export interface Summary {
  count: number;
  mean: number | null;
  /** Unbiased (n − 1); null for fewer than two. */
  std: number | null;
  min: number | null;
  max: number | null;
}

/** What one rule said of all completions. */
export interface RuleSummary {
  rule: string;
  type: string;
  /** 0 for a rule that is a metric only. */
  weight: number;
  /** Scores before their weight; those that are null are not counted. */
  scores: Summary;
  /** Completions that the rule did not apply to, or could not score. */
  unscored: number;
  /** Completions with a score other than 0. */
  fired: number;
  /** Standard deviation of weight × score, over all completions. */
  contribution: number | null;
  /** Correlation (Pearson) within groups of weight × score with the score of the rule that says what is right; null for that rule, and where one is constant. */
  agreement: number | null;
}

export interface BenchCompletion {
  text: string;
  reward: number | null;
  /** What its advantage would be, by the settings the report names. */
  advantage: number;
  scores: RuleScore[];
}

export interface BenchGroup {
  /** The prompt's row in the dataset; null for a text without one. */
  row: number | null;
  /** The step of the run it is from; null outside a run. */
  step: number | null;
  prompt: string;
  rewards: Summary;
  completions: BenchCompletion[];
}

export type FindingCode =
  | 'wrong_sign'
  | 'dwarfed'
  | 'constant_reward'
  | 'zero_variance'
  | 'never_fires'
  | 'never_applies'
  | 'not_scored_here'
  | 'gold_not_best';

/** Something that looks wrong with the rules. */
export interface BenchFinding {
  code: FindingCode;
  /** The rule it is about; null: all of them. */
  rule: string | null;
  /** What is wrong and what to do about it. */
  message: string;
}

/** A completion that could not be scored by a rule, and how often for the same reason. */
export interface BenchWarning {
  rule: string;
  message: string;
  count: number;
}

export interface BenchReport {
  groups: number;
  completions: number;
  rules: RuleSummary[];
  rewards: Summary;
  /** Mean over groups of the standard deviation within the group; null where no group has two rewards. */
  groupStd: number | null;
  /** Groups with at least two rewards, and those of them whose rewards are all equal: they teach nothing. */
  comparedGroups: number;
  zeroVarianceGroups: number;
  findings: BenchFinding[];
  warnings: BenchWarning[];
  /** The first groups in full. */
  samples: BenchGroup[];
  /** What the numbers leave out, in sentences. */
  notes: string[];
}

/** A rule that did not give the gold answer its best score. */
export interface MissedScore {
  rule: string;
  score: number | null;
  best: number;
  why: string;
}

export interface ImperfectGold {
  row: number;
  completion: string;
  reward: number | null;
  missed: MissedScore[];
}

/** Whether a perfect answer gets the maximum. */
export interface GoldReport extends BenchReport {
  gold: {
    /** Rows asked, and those for which no perfect answer could be written. */
    rows: number;
    unwritten: number;
    /** Rows whose perfect answer gets the best score of every rule that judges answers. */
    perfect: number;
    /** The rules that were asked: those that judge what a perfect answer decides. */
    judged: string[];
    /** The first rows that do not. */
    imperfect: ImperfectGold[];
    /** The first reasons for rows without a perfect answer. */
    reasons: string[];
  };
}

/** How two rankings of the same completions agree, in [−1, 1]; null where one of them has no order. */
export interface RankCorrelation {
  /** Over all completions. */
  overall: number | null;
  /** Mean over the groups in which both have an order: what training sees. */
  withinGroups: number | null;
}

export interface ChangedBest {
  step: number;
  row: number;
  before: { text: string; oldReward: number; newReward: number | null };
  after: { text: string; oldReward: number | null; newReward: number };
}

export interface PlacedGroup {
  step: number;
  row: number;
}

export interface RescoreReport extends BenchReport {
  run: string;
  steps: { step: number; before: number | null; after: number | null }[];
  spearman: RankCorrelation;
  kendall: RankCorrelation;
  best: {
    /** Groups with a best completion before and after. */
    compared: number;
    /** Those in which none of the best completions before is among the best after. */
    changed: number;
    /** The first of them. */
    examples: ChangedBest[];
  };
  zeroVariance: {
    before: number;
    after: number;
    /** Groups that would have taught nothing, although they did, and the other way round; the first of each, and how many. */
    became: { count: number; examples: PlacedGroup[] };
    ceased: { count: number; examples: PlacedGroup[] };
  };
}

/** A mistake in rules that are being written. */
export interface RuleProblem {
  /** The place, such as `rewards.1.pattern`; `rewards` for the list itself. */
  field: string;
  message: string;
  /** 1-based, in a script. */
  line: number | null;
  column: number | null;
}

/** A setting of a rule, by its path within the rule, such as `extract.tag`; left out on a side that has none. */
export interface ChangedField {
  field: string;
  before?: unknown;
  after?: unknown;
}

/** What happened to the rule of a name. Places are 0-based; null on the side that has no such rule. */
export interface RuleDifference {
  rule: string;
  kind: 'added' | 'removed' | 'changed' | 'unchanged';
  before: number | null;
  after: number | null;
  /** Whether it has passed, or was passed by, another rule that is in both sets. */
  moved: boolean;
  /** Empty unless changed. */
  fields: ChangedField[];
}
