/** The order and the choice of runs in the list. Pure. */
import type { RunStatus, RunSummary } from '../../../src-main/contract/run.ts';
import { runDuration } from '../../lib/format.ts';

export const columns = [
  { column: 'name', title: 'Name' },
  { column: 'type', title: 'Type' },
  { column: 'status', title: 'Status' },
  { column: 'steps', title: 'Steps' },
  { column: 'accuracy', title: 'Held-out accuracy' },
  { column: 'started', title: 'Started' },
  { column: 'duration', title: 'Duration' },
] as const;

export interface Order {
  column: (typeof columns)[number]['column'];
  descending: boolean;
}

/** Runs without a value in the column come last, whatever the direction; equal ones stay as they come. */
export function sortRuns(runs: readonly RunSummary[], { column, descending }: Order, now: number): RunSummary[] {
  const key = (run: RunSummary): string | number | null => {
    switch (column) {
      case 'name':
        return run.name.toLowerCase();
      case 'type':
        return run.type;
      case 'status':
        return run.status;
      case 'steps':
        return run.step;
      case 'accuracy':
        return run.evalAfter ?? run.evalBefore;
      case 'started':
        return run.startedAt;
      case 'duration':
        return runDuration(run, now);
    }
  };
  const sign = descending ? -1 : 1;
  return runs.toSorted((first, second) => {
    const [a, b] = [key(first), key(second)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return a < b ? -sign : a > b ? sign : 0;
  });
}

/** Those of a status whose name or id holds every word that is looked for. */
export function filterRuns(
  runs: readonly RunSummary[],
  { text, status }: { text: string; status: RunStatus | 'all' },
): RunSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter(
    (run) =>
      (status === 'all' || run.status === status) &&
      words.every((word) => run.name.toLowerCase().includes(word) || run.id.startsWith(word)),
  );
}
