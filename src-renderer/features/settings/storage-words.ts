/** Names of what takes space, and what cleaning up means. */
import type { StorageKind, Waste } from '../../../src-main/contract/api/settings.ts';
import { formatBytes, formatInteger } from '../../lib/format.ts';

export const storageNames: Record<StorageKind, string> = {
  database: 'Database',
  checkpoints: 'Checkpoints',
  runs: 'Other files of runs',
  models: 'Models',
  datasets: 'Datasets',
  uploads: 'Files sent by this page',
  downloads: 'Unfinished downloads',
  others: 'Other files',
};

interface WasteWords {
  title: string;
  one: string;
  many: string;
  about: string;
  consequence: string;
}

export const wasteWords: Record<Waste, WasteWords> = {
  checkpoints: {
    title: 'Old checkpoints',
    one: 'checkpoint',
    many: 'checkpoints',
    about: 'All but the newest of each run that has ended. What another run or a linked model uses is kept.',
    consequence: 'The runs can still be resumed from their newest checkpoint, but not be tried out at these steps.',
  },
  downloads: {
    title: 'Unfinished downloads',
    one: 'download',
    many: 'downloads',
    about: 'Models that have arrived in part.',
    consequence: 'They would have to be downloaded from the beginning.',
  },
  uploads: {
    title: 'Files sent by the page',
    one: 'file',
    many: 'files',
    about: 'Copies of what was dropped on the page in a browser; datasets made of them have their own.',
    consequence: 'The files that they were copied from stay.',
  },
};

/** `3 checkpoints, 1.2 GB`; `nothing`. */
export function amount(waste: Waste, { count, bytes }: { count: number; bytes: number }): string {
  if (count === 0) return 'nothing';
  const { one, many } = wasteWords[waste];
  return `${formatInteger(count)} ${count === 1 ? one : many}, ${formatBytes(bytes)}`;
}
