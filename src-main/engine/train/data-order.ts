/** The order in which a run visits its rows: every epoch once each, shuffled by the seed. The position is a single number. */
import { RandomStream } from '../../grpo/random.ts';

export class DataOrder {
  readonly #seed: number;
  readonly #rows: number;
  #taken: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  /** @param taken rows handed out so far: the data cursor of a checkpoint, 0 for a new run */
  constructor(seed: number, rows: number, taken: number) {
    this.#seed = seed;
    this.#rows = rows;
    this.#taken = taken;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Passes over the data so far, as a fraction. */
  get epoch(): number {
    return this.#taken / this.#rows;
  }

  /** Indices of the next `count` rows; an epoch's end is no border. */
  take(count: number): number[] {
    return Array.from({ length: count }, () => {
      const epoch = Math.floor(this.#taken / this.#rows);
      if (epoch !== this.#epoch) {
        this.#epoch = epoch;
        this.#order = RandomStream.of(this.#seed, 'data', epoch).permutation(this.#rows);
      }
      return this.#order[this.#taken++ % this.#rows];
    });
  }
}
