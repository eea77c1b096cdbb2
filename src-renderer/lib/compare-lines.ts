/** What is drawn of compared runs: runs that belong together become one line with a band, single ones a smoothed line over its raw one. Pure. */
import type { ComparedRun, MetricCurve, SettingComparison } from '../../src-main/contract/api/compare.ts';
import type { Line } from './chart-lines.ts';
import { lineStyle, type LineStyle } from './compare-styles.ts';
import { smooth, type Series } from './series.ts';

/** Runs that are drawn as one; most often one alone. */
export interface RunGroup extends LineStyle {
  key: string;
  label: string;
  runs: string[];
}

/** What the band around a mean shows: from the lowest to the highest run, or one standard deviation to either side. */
export type Band = 'range' | 'deviation';

export interface CompareLine extends Line {
  key: string;
}

/**
 * @param by 'runs': each for itself; 'seeds': those that differ in seed and name alone; else a setting's field: those with the same value
 * @returns in the order of their first runs
 */
export function groupRuns(
  runs: readonly ComparedRun[],
  settings: readonly SettingComparison[],
  by: string,
): RunGroup[] {
  const values = settings.find(({ field, section }) => settingKey(section, field) === by)?.values;
  const keyOf = (run: ComparedRun, place: number) => {
    if (by === 'seeds') return `seeds ${run.seedGroup}`;
    return values === undefined ? run.id : `${by}: ${values[place] ?? 'none'}`;
  };
  const members = new Map<string, ComparedRun[]>();
  runs.forEach((run, place) => {
    const key = keyOf(run, place);
    members.set(key, [...(members.get(key) ?? []), run]);
  });
  return [...members].map(([key, group], place) => ({
    key: group.length === 1 ? group[0].id : key,
    label: group.length === 1 ? group[0].label : `${values === undefined ? group[0].name : key} (${group.length} runs)`,
    runs: group.map(({ id }) => id),
    ...lineStyle(place),
  }));
}

/** Tells settings of different sections apart that have the same field. */
export function settingKey(section: SettingComparison['section'], field: string): string {
  return section === 'rewards' ? `rewards.${field}` : field;
}

/**
 * @param curves of one metric, by run
 * @param weight of the past in the moving average; 0 draws the values alone
 */
export function compareLines(
  groups: readonly RunGroup[],
  curves: ReadonlyMap<string, MetricCurve>,
  { weight, band }: { weight: number; band: Band },
): CompareLine[] {
  return groups.flatMap((group) => {
    const { runs, ...shown } = group;
    const members = runs.flatMap((run): Series[] => {
      const curve = curves.get(run);
      return curve === undefined ? [] : [{ x: curve.x, y: curve.y }];
    });
    if (members.length === 0) return [];
    const smoothed = members.map(({ x, y }) => ({ x, y: smooth(y, weight) }));
    const faint = (raw: Series): CompareLine[] => (weight > 0 ? [{ ...shown, ...raw, faint: true }] : []);
    if (members.length === 1) return [...faint(members[0]), { ...shown, ...smoothed[0] }];
    const { x, mean, low, high } = aggregateRuns(smoothed, band);
    const raw = aggregateRuns(members, band);
    return [...faint({ x: raw.x, y: raw.mean }), { ...shown, x, y: mean, band: { low, high } }];
  });
}

/**
 * Mean and band of runs whose points need not stand at the same x: between its points a run has the values of the straight line through
 * them. The mean begins where all of them have begun; past the end of some it is the mean of the others.
 */
export function aggregateRuns(
  series: readonly Series[],
  band: Band,
): { x: number[]; mean: number[]; low: number[]; high: number[] } {
  const begun = Math.max(...series.map((one) => one.x[0]));
  const x = [...new Set(series.flatMap((one) => one.x))].filter((at) => at >= begun).sort((a, b) => a - b);
  const columns = series.map((one) => interpolate(one, x));
  const result = { x, mean: [] as number[], low: [] as number[], high: [] as number[] };
  x.forEach((_, i) => {
    const values = columns.map((column) => column[i]).filter((value) => value !== null);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1),
    );
    result.mean.push(mean);
    result.low.push(band === 'range' ? Math.min(...values) : mean - deviation);
    result.high.push(band === 'range' ? Math.max(...values) : mean + deviation);
  });
  return result;
}

function interpolate(series: Series, x: readonly number[]): (number | null)[] {
  const points = series.x.flatMap((at, i) => (series.y[i] === null ? [] : [{ at, value: series.y[i] }]));
  let next = 0;
  return x.map((at) => {
    while (next < points.length && points[next].at < at) next++;
    if (next === points.length) return null;
    const { at: right, value } = points[next];
    if (right === at) return value;
    if (next === 0) return null;
    const { at: left, value: before } = points[next - 1];
    return before + ((at - left) / (right - left)) * (value - before);
  });
}
