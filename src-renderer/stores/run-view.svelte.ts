/** One run as its page shows it: read once, then kept up to date by the run's events. */
import type { ChannelEvents, EndpointOutputs } from '../../src-main/contract/api.ts';
import { isLive } from '../../src-main/contract/run.ts';
import type { Series } from '../lib/series.ts';
import type { Transport } from '../transport/transport.ts';
import { toFailure, type Failure } from './query.svelte.ts';

/** Points of a metric that are read at first; more come as the run goes on. */
const MAX_POINTS = 1200;

/** Metrics that are asked for at once: the studio answers others in between. */
const METRICS_A_CALL = 8;

/** Milliseconds between looks at a run that another process drives, whose events do not come here. */
const OTHER_DRIVER_INTERVAL = 3000;

/** Milliseconds within which several changes of a run's history are read together. */
const HISTORY_DELAY = 150;

type Activity = ChannelEvents['runs']['event'];
type MetricsActivity = Extract<Activity, { metrics: Record<string, number> }>;

export class RunView {
  readonly id: string;
  run = $state.raw<EndpointOutputs['read-run'] | null>(null);
  /** Why the run could not be read the last time; what was read before stays. */
  failure = $state.raw<Failure | null>(null);
  /** By metric name; a name whose points are not here yet is in `names` only. */
  series = $state.raw<ReadonlyMap<string, Series>>(new Map());
  names = $state.raw<readonly string[]>([]);
  events = $state.raw<EndpointOutputs['list-run-events']>([]);
  evaluations = $state.raw<EndpointOutputs['list-evaluations']>([]);
  checkpoints = $state.raw<EndpointOutputs['list-checkpoints']>([]);
  /** What the engine is at: `sampling`, `update`, …; null when that is not known. */
  phase = $state<string | null>(null);
  readonly #transport: Transport;
  /** Events that came while the run was being read; null when it is not. */
  #held: Activity[] | null = null;
  #historyTimer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | null = null;
  #readingAgain: Promise<void> | null = null;

  constructor(transport: Transport, id: string) {
    this.#transport = transport;
    this.id = id;
  }

  /** Reads the run and follows it. @returns ends the following */
  watch(): () => void {
    const stop = this.#transport.listen('runs', (activities, gap) => {
      const own = activities.filter(({ run }) => run === this.id).map(({ event }) => event);
      if (gap) void this.refresh();
      else if (this.#held !== null) this.#held.push(...own);
      else this.#take(own);
    });
    void this.refresh();
    const timer = setInterval(() => {
      if (this.run !== null && isLive(this.run.status) && !this.run.drivenHere) void this.refresh();
    }, OTHER_DRIVER_INTERVAL);
    return () => {
      stop();
      clearInterval(timer);
      clearTimeout(this.#historyTimer);
    };
  }

  /** Reads everything anew. What is being read may be old by now: it is then read once more. */
  refresh(): Promise<void> {
    if (this.#reading === null) {
      this.#reading = this.#read().finally(() => (this.#reading = null));
      return this.#reading;
    }
    this.#readingAgain ??= this.#reading.then(() => {
      this.#readingAgain = null;
      return this.refresh();
    });
    return this.#readingAgain;
  }

  async #read(): Promise<void> {
    this.#held = [];
    try {
      await this.#readHistory();
      const names = await this.#transport.call('list-metric-names', { run: this.id });
      this.names = sortByWorth(names);
      for (let start = 0; start < names.length; start += METRICS_A_CALL) {
        const part = this.names.slice(start, start + METRICS_A_CALL);
        const answer = await this.#transport.call('read-metrics', {
          run: this.id,
          names: part,
          maxPoints: MAX_POINTS,
        });
        const series = new Map(this.series);
        for (const [name, { steps, values }] of Object.entries(answer)) series.set(name, { x: steps, y: values });
        this.series = series;
      }
      this.failure = null;
    } catch (error) {
      this.failure = toFailure(error);
    } finally {
      const held = this.#held;
      this.#held = null;
      this.#take(held);
    }
  }

  async #readHistory(): Promise<void> {
    const run = this.id;
    const studio = this.#transport;
    [this.run, this.events, this.evaluations, this.checkpoints] = await Promise.all([
      studio.call('read-run', { run }),
      studio.call('list-run-events', { run }),
      studio.call('list-evaluations', { run }),
      studio.call('list-checkpoints', { run }),
    ]);
  }

  #take(events: readonly Activity[]): void {
    const steps = events.filter((event): event is MetricsActivity => event.type === 'step');
    for (const event of events) {
      if (event.type === 'phase') this.phase = event.phase;
      else if (event.type === 'started') this.#forgetAfter(event.step);
      if (event.type !== 'phase' && event.type !== 'step') this.#readHistorySoon();
      if (event.type === 'paused' || event.type === 'finished' || event.type === 'failed') this.phase = null;
    }
    if (steps.length === 0) return;
    this.#append(steps);
    const { step, metrics } = steps[steps.length - 1];
    if (this.run !== null) this.run = { ...this.run, step, reward: metrics['reward'] ?? this.run.reward };
  }

  #append(steps: readonly { step: number; metrics: Record<string, number> }[]): void {
    const added = new Map<string, { x: number[]; y: number[] }>();
    for (const { step, metrics } of steps) {
      for (const [name, value] of Object.entries(metrics)) {
        const last = added.get(name)?.x.at(-1) ?? this.series.get(name)?.x.at(-1) ?? 0;
        if (step <= last) continue;
        const points = added.get(name) ?? { x: [], y: [] };
        points.x.push(step);
        points.y.push(value);
        added.set(name, points);
      }
    }
    const series = new Map(this.series);
    for (const [name, points] of added) {
      const known = series.get(name) ?? { x: [], y: [] };
      series.set(name, { x: [...known.x, ...points.x], y: [...known.y, ...points.y] });
    }
    this.series = series;
    const names = [...added.keys()].filter((name) => !this.names.includes(name));
    if (names.length > 0) this.names = sortByWorth([...this.names, ...names]);
  }

  /** A resumed run goes on from a checkpoint: what came after it is run again. */
  #forgetAfter(step: number): void {
    this.series = new Map(
      [...this.series].map(([name, { x, y }]) => {
        const kept = x.findLastIndex((at) => at <= step) + 1;
        return [name, kept === x.length ? { x, y } : { x: x.slice(0, kept), y: y.slice(0, kept) }];
      }),
    );
  }

  #readHistorySoon(): void {
    clearTimeout(this.#historyTimer);
    this.#historyTimer = setTimeout(() => {
      this.#readHistory().catch((error: unknown) => (this.failure = toFailure(error)));
    }, HISTORY_DELAY);
  }
}

/** Names of the first charts first, so that a page of many steps draws from its top. */
function sortByWorth(names: readonly string[]): string[] {
  const rank = (name: string) => (name.startsWith('reward') ? 0 : /^(loss|kl|entropy|step_time)/.test(name) ? 1 : 2);
  return [...names].sort((first, second) => rank(first) - rank(second) || (first < second ? -1 : 1));
}
