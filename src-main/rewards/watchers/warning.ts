/** What is said of a way in which training goes wrong. */

export type WarningCode =
  | 'no_reward_differences'
  | 'completions_truncated'
  | 'entropy_collapsed'
  | 'kl_runaway'
  | 'accuracy_flat'
  | 'held_out_flat'
  | 'one_rule_dominates'
  | 'silent_rule'
  | 'duplicate_completions'
  | 'length_drift'
  | 'loss_spike'
  | 'gradient_spike';

export interface RunWarning {
  code: WarningCode;
  /** What is wrong, in a few words. */
  title: string;
  /** The numbers and steps that show it. */
  evidence: string;
  /** What it means for the training, and what to change. */
  advice: string;
  /** The settings that the advice names, as `--set` takes them, with their values in this run. */
  settings: { name: string; value: number }[];
  /** The steps the evidence is from. */
  steps: { first: number; last: number };
}
