/**
 * Times what the studio does with its database, through the calls that its pages make, in databases of several sizes. They take turns at
 * each reading, so that other work on the machine disturbs all of them alike.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { databasePath } from '../../src-main/services/data-directory.ts';
import { openStore } from '../../src-main/store/open.ts';
import { median, smallest } from '../summary.ts';
import { fill, runName } from './fill.ts';
import { openPages } from './pages.ts';
import { recordedRun, recordedStep } from './records.ts';

/** The run that is written, read and deleted in every database. */
const PROBE = 'the-probe';
const STEPS = 100;

/** Times that something is read; the shortest counts. */
const READINGS = 10;
const READINGS_UNCACHED = 3;

export interface DatabaseTimes {
  completions: number;
  bytes: number;
  /** Milliseconds by what was done. */
  times: Record<string, number>;
}

/**
 * @param folder gets a folder for each database; those that an earlier call left there are taken
 * @param sizes completions in each database, besides those of the measured run
 */
export async function measureDatabases(folder: string, sizes: readonly number[]): Promise<DatabaseTimes[]> {
  const databases = sizes.map((completions) => {
    const place = join(folder, String(completions));
    mkdirSync(place, { recursive: true });
    fill(databasePath(place), completions);
    return { folder: place, completions, bytes: statSync(databasePath(place)).size, times: {} };
  });
  writeRuns(databases);
  await readRuns(databases, PROBE, '', READINGS, false);
  // Other systems cannot be told to forget a file.
  if (process.platform === 'linux') await readRuns(databases, PROBE, ', nothing cached', READINGS_UNCACHED, true);
  const withFullRuns = databases.filter(({ completions }) => completions > 64_000);
  await readRuns(withFullRuns, runName(1), ', the first run of 64,000', READINGS, false);
  for (const database of databases) {
    const store = openStore(databasePath(database.folder));
    const start = performance.now();
    store.writer.deleteRun(PROBE);
    add(database, 'delete the run', performance.now() - start);
    store.close();
  }
  return databases.map(({ completions, bytes, times }) => ({ completions, bytes, times }));
}

interface Measured extends DatabaseTimes {
  folder: string;
}

function writeRuns(databases: readonly Measured[]): void {
  const opened = databases.map((database) => {
    const path = databasePath(database.folder);
    const store = openStore(path);
    store.writer.createRun(recordedRun(PROBE, `${path}-runs`));
    return { database, store, times: [] as number[] };
  });
  for (let step = 1; step <= STEPS; step++) {
    const record = recordedStep(PROBE, step);
    for (const { store, times } of opened) {
      const start = performance.now();
      store.writer.recordStep(PROBE, record);
      times.push(performance.now() - start);
    }
  }
  for (const { database, store, times } of opened) {
    store.close();
    add(database, 'write a step', median(times));
    add(database, 'write a step, slowest of 100', Math.max(...times));
  }
}

/** @param uncached whether every reading finds a studio that has just started, and nothing of the file in the system's memory */
async function readRuns(
  databases: readonly Measured[],
  run: string,
  circumstances: string,
  readings: number,
  uncached: boolean,
): Promise<void> {
  const opened = databases.map((database) => ({ database, studio: openPages(database.folder, run) }));
  for (const what of Object.keys(opened[0]?.studio.pages ?? {})) {
    const times = opened.map(() => [] as number[]);
    for (let reading = 0; reading < readings; reading++) {
      for (const [place, each] of opened.entries()) {
        if (uncached) {
          await each.studio.close();
          execFileSync('dd', [`if=${databasePath(each.database.folder)}`, 'iflag=nocache', 'count=0', 'status=none']);
          each.studio = openPages(each.database.folder, run);
        }
        const start = performance.now();
        await each.studio.pages[what]();
        times[place].push(performance.now() - start);
      }
    }
    for (const [place, { database }] of opened.entries()) add(database, what + circumstances, smallest(times[place]));
  }
  for (const { studio } of opened) await studio.close();
}

function add({ times }: DatabaseTimes, what: string, time: number): void {
  times[what] = Number(time.toPrecision(4));
}
