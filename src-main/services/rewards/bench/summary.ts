/** Summaries of numbers that come one by one: what the bench keeps of a run that is too large for memory. */
import type { Summary } from '../../../contract/rewards.ts';

/** Mean and deviation by Welford's updates, which stay exact where the mean is large. */
export class Running {
  #count = 0;
  #mean = 0;
  #squares = 0;
  #min = Infinity;
  #max = -Infinity;

  add(value: number): void {
    this.#count++;
    const before = value - this.#mean;
    this.#mean += before / this.#count;
    this.#squares += before * (value - this.#mean);
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  summary(): Summary {
    const count = this.#count;
    if (count === 0) return { count, mean: null, std: null, min: null, max: null };
    const std = this.#min === this.#max ? 0 : Math.sqrt(this.#squares / (count - 1));
    return { count, mean: this.#mean, std: count < 2 ? null : std, min: this.#min, max: this.#max };
  }
}

export function summaryOf(values: readonly (number | null)[]): Summary {
  const running = new Running();
  for (const value of values) if (value !== null) running.add(value);
  return running.summary();
}

/** Correlation of pairs within their groups: of how far each lies from the mean of its group. */
export class Correlation {
  #both = 0;
  #first = 0;
  #second = 0;

  addGroup(pairs: readonly (readonly [number, number])[]): void {
    const [a, b] = [0, 1].map((side) => pairs.reduce((total, pair) => total + pair[side], 0) / pairs.length);
    for (const [first, second] of pairs) {
      this.#both += (first - a) * (second - b);
      this.#first += (first - a) ** 2;
      this.#second += (second - b) ** 2;
    }
  }

  /** In [−1, 1]; null where one side never differs within a group. */
  value(): number | null {
    const scale = Math.sqrt(this.#first * this.#second);
    return scale < 1e-12 ? null : Math.max(-1, Math.min(1, this.#both / scale));
  }
}
