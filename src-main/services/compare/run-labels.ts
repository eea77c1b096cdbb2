/** How a person tells runs from each other that may have the same name. */
import type { StoredRun } from '../../store/interfaces.ts';

/** Each run's name; with its seed where others have the same name, and with its id where the seed is the same too. */
export function runLabels(runs: readonly StoredRun[]): string[] {
  const withSeed = ({ name, run }: StoredRun) => `${name}, seed ${run.config.seed}`;
  const occurs = (label: (run: StoredRun) => string, run: StoredRun) =>
    runs.filter((other) => label(other) === label(run)).length > 1;
  return runs.map((run) => {
    if (!occurs(({ name }) => name, run)) return run.name;
    return occurs(withSeed, run) ? `${run.name}, ${run.id}` : withSeed(run);
  });
}
