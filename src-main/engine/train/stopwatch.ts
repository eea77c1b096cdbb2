/** Times the phases of a step. */

export interface Stopwatch {
  /** Adds the time since the last lap, or the start, to the phase `name`. */
  lap(name: string): void;
  /** `count` per second spent in a phase; finite also when the clock saw none. */
  perSecond(count: number, name: string): number;
  /** Seconds of each phase as `time/<phase>`, and `step_time` for all of them. */
  metrics(): Record<string, number>;
}

export function startStopwatch(): Stopwatch {
  const start = performance.now();
  const laps = new Map<string, number>();
  let last = start;
  return {
    lap(name) {
      const now = performance.now();
      laps.set(name, (laps.get(name) ?? 0) + (now - last) / 1000);
      last = now;
    },
    perSecond: (count, name) => count / Math.max(laps.get(name) ?? 0, 1e-9),
    metrics() {
      const phases = [...laps].map(([name, seconds]) => [`time/${name}`, seconds] as const);
      return { ...Object.fromEntries(phases), step_time: (last - start) / 1000 };
    },
  };
}
