/** Remembers which samples the latest filters meant, so that a list is searched once and then scrolled through by ids. */
import type { SampleStore } from '../../store/sample-interfaces.ts';

/** Lists kept: a page shows one of groups or completions, and a person goes back and forth between a few filters. */
const KEPT = 6;

export class SampleLists {
  readonly #lists = new Map<string, { version: string; ids: number[] }>();
  readonly #samples: Pick<SampleStore, 'version'>;

  constructor(samples: Pick<SampleStore, 'version'>) {
    this.#samples = samples;
  }

  /**
   * @param key names the filter and the order, run included
   * @param find searches anew; its result is kept until the run's samples change
   */
  ids(run: string, key: string, find: () => number[]): number[] {
    const version = this.#samples.version(run);
    const known = this.#lists.get(key);
    const ids = known?.version === version ? known.ids : find();
    this.#lists.delete(key);
    this.#lists.set(key, { version, ids });
    for (const oldest of [...this.#lists.keys()].slice(0, -KEPT)) this.#lists.delete(oldest);
    return ids;
  }
}
