/** All watchers of the reward: the same look at a run while it trains, over its newest steps, and afterwards, over all of them. */
import type { GrpoConfig } from '../../contract/config.ts';
import { dominantRule } from './dominant-rule.ts';
import { duplicateCompletions } from './duplicates.ts';
import { lengthDrift } from './length-drift.ts';
import { outcomeFlat } from './outcome-flat.ts';
import type { Series } from './series.ts';
import { silentRule } from './silent-rule.ts';
import type { RunWarning } from './warning.ts';

/** @returns each failure pattern of the reward at most once */
export function watchRewards(config: GrpoConfig, series: Series): RunWarning[] {
  return [outcomeFlat, dominantRule, silentRule, duplicateCompletions, lengthDrift]
    .map((watcher) => watcher(config, series))
    .filter((warning) => warning !== null);
}
