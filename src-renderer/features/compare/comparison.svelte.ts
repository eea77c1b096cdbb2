/** What is compared and how it is looked at: kept in the address, so that a link shows the same. */
import type { ComparedRun, RunComparison } from '../../../src-main/contract/api/compare.ts';
import { compareAxes, type CompareAxis } from '../../../src-main/contract/api/compare.ts';
import { groupRuns, type Band, type RunGroup } from '../../lib/compare-lines.ts';
import { Query } from '../../stores/query.svelte.ts';
import { replaceQuery, router } from '../../stores/router.svelte.ts';
import type { Studio } from '../../stores/studio.svelte.ts';

/** Metrics shown first, those that the runs have. */
const USUAL = ['reward', 'eval/accuracy', 'kl', 'entropy', 'completions/mean_length', 'loss', 'accuracy', 'eval/loss'];

/** How many of them. */
const SHOWN = 4;

export class Comparison {
  readonly studio: Studio;
  readonly read: Query<RunComparison>;
  /** The group that stands out everywhere; null: all do. */
  highlighted = $state<string | null>(null);

  /** Ids as the address gives them, each once. */
  readonly ids = $derived([...new Set((router.query.get('runs') ?? '').split(',').filter(Boolean))]);
  readonly runs: ComparedRun[] = $derived.by(() => {
    const known = new Map(this.read.value?.runs.map((run) => [run.id, run]));
    return this.ids.flatMap((id) => known.get(id) ?? []);
  });
  /** Whether the answer is of the runs that the address names. */
  readonly isCurrent = $derived.by(() => {
    const value = this.read.value;
    if (value === null) return false;
    const answered = new Set([...value.runs.map(({ id }) => id), ...value.missing]);
    return this.ids.every((id) => answered.has(id));
  });
  readonly baseline: ComparedRun | undefined = $derived(
    this.runs.find(({ id }) => id === router.query.get('base')) ?? this.runs[0],
  );
  readonly axis: CompareAxis = $derived(compareAxes.find((axis) => axis === router.query.get('x')) ?? 'step');
  readonly by = $derived(router.query.get('by') ?? 'seeds');
  readonly band: Band = $derived(router.query.get('band') === 'deviation' ? 'deviation' : 'range');
  readonly weight = $derived(Math.min(0.99, Math.max(0, Number(router.query.get('smooth') ?? 0) || 0)));
  readonly groups: RunGroup[] = $derived.by(() => groupRuns(this.runs, this.read.value?.settings ?? [], this.by));
  readonly metricNames = $derived([...new Set(this.runs.flatMap(({ metricNames }) => metricNames))]);
  readonly metrics: string[] = $derived.by(() => {
    const asked =
      router.query
        .get('metrics')
        ?.split(',')
        .filter((name) => this.metricNames.includes(name)) ?? [];
    if (asked.length > 0) return asked;
    const usual = USUAL.filter((name) => this.metricNames.includes(name)).slice(0, SHOWN);
    return usual.length > 0 ? usual : this.metricNames.slice(0, SHOWN);
  });

  constructor(studio: Studio) {
    this.studio = studio;
    this.read = new Query((signal) => studio.call('compare-runs', { runs: this.ids }, signal));
  }

  /** Tries a reading again that failed, after finding out whether its runs are still there. */
  reread = async (query: { refresh: () => Promise<void> }): Promise<void> => {
    await this.read.refresh();
    await query.refresh();
  };

  groupOf(run: string): RunGroup {
    return this.groups.find(({ runs }) => runs.includes(run)) as RunGroup;
  }

  labelOf(run: string): string {
    return this.runs.find(({ id }) => id === run)?.label ?? run;
  }

  /** Whether something of this run is to be drawn back. */
  isDimmed(run: string): boolean {
    return this.highlighted !== null && this.groupOf(run)?.key !== this.highlighted;
  }

  /** What an element that stands for a run needs, to be highlighted and to highlight. */
  marks(run: string) {
    const on = () => (this.highlighted = this.groupOf(run)?.key ?? null);
    const off = () => (this.highlighted = null);
    const onfocusin = ({ target }: FocusEvent) => {
      // Only where the keyboard has come to it: what was pressed keeps the focus long after the mouse has gone on.
      if (target instanceof Element && target.matches(':focus-visible')) on();
    };
    return { onpointerenter: on, onpointerleave: off, onfocusin, onfocusout: off };
  }

  set(changes: Record<string, string | null>): void {
    replaceQuery(changes);
  }

  choose(ids: readonly string[]): void {
    this.highlighted = null;
    replaceQuery({ runs: ids.length === 0 ? null : ids.join(',') });
  }

  remove(id: string): void {
    this.choose(this.ids.filter((other) => other !== id));
  }
}
