/** Looks through a run's history for the known ways in which training goes wrong. */
import { TREND_STEPS } from '../../rewards/watchers/thresholds.ts';
import type { RunWarning } from '../../rewards/watchers/warning.ts';
import { watchRewards } from '../../rewards/watchers/watch-rewards.ts';
import type { StoredRun, StoreReader } from '../../store/interfaces.ts';
import { completionsTruncated, entropyCollapsed, klRunaway } from './policy-warnings.ts';
import { heldOutFlat, noRewardDifferences } from './reward-warnings.ts';
import { gradientSpike, lossSpike } from './spike-warnings.ts';
import { count } from '../../rewards/watchers/wording.ts';

/** @returns the failure patterns of the whole run so far; each pattern at most once, causes before what they bring about */
export function findWarnings(reader: StoreReader, { id, run }: Pick<StoredRun, 'id' | 'run'>): RunWarning[] {
  const series = (name: string) => reader.getMetricSeries(id, name);
  const spikes = [lossSpike(run.config, series), gradientSpike(run.config, series)];
  if (run.type !== 'grpo') return spikes.filter((warning) => warning !== null);
  const { config } = run;
  return [
    klRunaway(config, series),
    completionsTruncated(config, series),
    noRewardDifferences(config, series),
    entropyCollapsed(config, series),
    heldOutFlat(config, series, reader.listEvaluations(id)),
    ...watchRewards(config, series),
    ...spikes,
  ].filter((warning) => warning !== null);
}

/** What was looked for, in one or two sentences. */
export function warningsNote({ run, step }: Pick<StoredRun, 'run' | 'step'>, warnings: readonly RunWarning[]): string {
  const looked =
    run.type !== 'grpo'
      ? 'spikes of the loss and of the gradient'
      : 'groups without reward differences, truncated completions, collapsed entropy, runaway KL, reward that rises without accuracy, one rule deciding alone, rules that never fire, copies within groups, drifting lengths, and spikes of the loss and the gradient';
  const found = warnings.length === 0 ? 'None' : count(warnings.length, 'pattern');
  const short = run.type === 'grpo' && step < TREND_STEPS ? ` Trends are judged from ${TREND_STEPS} steps on.` : '';
  const several = warnings.length > 1 ? ' Begin with the first: it may be the cause of the others.' : '';
  return `${found} in ${count(step, 'step')}, looked for: ${looked}.${short}${several}`;
}
