/** Measures how much of a step the engine spends on reporting it, and whether it is slower with a host that writes it all down. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineEvent } from '../../src-main/contract/engine.ts';
import { readDataset } from '../../src-main/datasets/read-dataset.ts';
import { createForkLauncher } from '../../src-main/runs/fork-launcher.ts';
import { crashError } from '../../src-main/runs/live-run.ts';
import { createRunManager } from '../../src-main/runs/run-manager.ts';
import { databasePath } from '../../src-main/services/data-directory.ts';
import { openStore } from '../../src-main/store/open.ts';
import { modelFolder } from '../make-model.ts';
import { studioConfig } from '../measure.ts';
import { sizes, type SizeName } from '../sizes.ts';
import { median, smallest } from '../summary.ts';

/** Seconds a step. */
export interface WriterShare {
  step: number;
  /** The same with a host that lets go of what the engine reports. */
  silent: number;
  /** The engine's loop waits until what it reports is handed over. */
  sending: number;
  /** The host writes a step down, while the engine is at the next one. */
  writing: number;
}

/** Rounds with a writing and with a silent host, in alternation. */
const ROUNDS = 3;

/** @returns of each time the least of the rounds, which is what other work on the machine disturbed least */
export async function measureWriter(name: SizeName, steps: number): Promise<WriterShare> {
  const rounds: { heard: StepTimes; silent: StepTimes }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ heard: await run(name, steps, true), silent: await run(name, steps, false) });
  }
  return {
    step: smallest(rounds.map(({ heard }) => heard.step)),
    silent: smallest(rounds.map(({ silent }) => silent.step)),
    sending: smallest(rounds.map(({ heard }) => heard.sending)),
    writing: smallest(rounds.map(({ heard }) => heard.writing)),
  };
}

/** Seconds, medians over the steps but the first. */
interface StepTimes {
  step: number;
  sending: number;
  writing: number;
}

/** @param written whether the host records the run; else it lets go of what the engine reports */
async function run(name: SizeName, steps: number, written: boolean): Promise<StepTimes> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'grpo-writer-'));
  const job = { folder: await modelFolder(name), size: sizes[name], steps: steps + 1 };
  const config = studioConfig(job);
  const rows = { trainRows: await readDataset(config.dataset), evalRows: [] };
  const launchEngine = createForkLauncher({ entry: join(import.meta.dirname, 'timed-engine.ts') });
  const times: StepTimes[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<null>();
  function take(event: EngineEvent, writing: number): void {
    if (event.type === 'failed') reject(new Error(event.error.message));
    if (event.type !== 'step') return;
    const { metrics } = event.record;
    times.push({ step: metrics['bench/step'], sending: metrics['bench/sending'], writing });
    if (times.length === steps) resolve(null);
  }
  try {
    if (written) {
      const store = openStore(databasePath(dataDirectory));
      const recordStep = store.writer.recordStep.bind(store.writer);
      let writing = 0;
      store.writer.recordStep = (id, record) => {
        const began = performance.now();
        recordStep(id, record);
        writing = (performance.now() - began) / 1000;
      };
      const runs = createRunManager({ store, dataDirectory, launchEngine });
      runs.onEvent((_run, event) => take(event, writing));
      runs.start(runs.createRun({ type: 'grpo', config }, rows).id, rows);
      await promise.finally(() => runs.close());
      store.close();
    } else {
      mkdirSync(dataDirectory, { recursive: true });
      const engine = launchEngine(
        (event) => take(event, 0),
        (exit) => reject(new Error(crashError(exit).message)),
      );
      engine.send({
        type: 'start',
        run: { type: 'grpo', config },
        ...rows,
        runDirectory: dataDirectory,
        resumeFrom: null,
      });
      await promise.finally(() => engine.kill());
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
  const counted = times.slice(1);
  return {
    step: median(counted.map(({ step }) => step)),
    sending: median(counted.map(({ sending }) => sending)),
    writing: median(counted.map(({ writing }) => writing)),
  };
}
