/** The rules of a run as the watchers see them. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { RewardRule } from '../../contract/reward-rules.ts';

export interface PlacedRule {
  name: string;
  type: RewardRule['type'];
  /** Its place in the config: its weight is the setting `rewards.<place>.weight`. */
  place: number;
  /** 0 for a rule that is scored as a metric only. */
  weight: number;
}

/** The enabled rules, in order; the first of them is the outcome, which says what is right. */
export function placedRules({ rewards }: GrpoConfig): PlacedRule[] {
  return rewards.flatMap(({ name, type, weight, enabled, metric_only }, place) =>
    enabled ? { name, type, place, weight: metric_only ? 0 : weight } : [],
  );
}

/** Whether a rule only takes away: its best score is 0, and a rule that is always 0 is satisfied. */
export function isPenalty({ type, weight }: PlacedRule): boolean {
  return type === 'soft_overlong' || type === 'repetition' || weight < 0;
}
