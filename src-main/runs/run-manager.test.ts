/** The life of runs with real child processes: the fake engine plays what the configuration's `model` says. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineEvent } from '../contract/engine.ts';
import { grpoRun } from '../store/fixtures/records.ts';
import type { Store } from '../store/interfaces.ts';
import { openStore } from '../store/open.ts';
import { fakeEnginePath, rows } from './fixtures/fake.ts';
import type { EngineLauncher } from './engine-launcher.ts';
import { createForkLauncher } from './fork-launcher.ts';
import { createRunManager, type RunManager } from './run-manager.ts';

let dataDirectory: string;
let store: Store;
let manager: RunManager;
let events: EngineEvent[];

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'grpo-runs-'));
  store = openStore(join(dataDirectory, 'studio.sqlite'));
  manager = createRunManager({ store, dataDirectory, launchEngine: createForkLauncher({ entry: fakeEnginePath }) });
  events = [];
  manager.onEvent((_, event) => events.push(event));
});

afterEach(async () => {
  await manager.close();
  store.close();
  rmSync(dataDirectory, { recursive: true });
});

/** Creates and starts a run that plays `scenario`; gives its id. */
function begin(scenario: string): string {
  const { id } = manager.createRun(grpoRun({ model: scenario, name: scenario }), rows);
  manager.start(id, rows);
  return id;
}

function types(): string[] {
  return events.map(({ type }) => type);
}

function history(id: string): string[] {
  return store.reader.listEvents(id).map(({ type }) => type);
}

async function reachStep3(): Promise<void> {
  await vi.waitFor(() => expect(types().filter((type) => type === 'step')).toHaveLength(3), 30_000);
}

describe('createRun', () => {
  test('makes a folder and an entry, with a readable id and a name', () => {
    const run = manager.createRun(grpoRun(), rows);
    expect(run.id).toMatch(/^20\d{6}-\d{4}-[0-9a-f]{4}$/);
    expect(run.name).toBe(`grpo-${run.id.slice(0, 13)}`);
    expect(run.directory).toBe(join(dataDirectory, 'runs', run.id));
    expect(existsSync(run.directory)).toBe(true);
    expect(run.status).toBe('created');
  });

  test('says so when the folder cannot be made', () => {
    rmSync(dataDirectory, { recursive: true });
    mkdirSync(dataDirectory);
    const launchEngine = createForkLauncher({ entry: fakeEnginePath });
    const impossible = createRunManager({ store, dataDirectory: fakeEnginePath, launchEngine });
    expect(() => impossible.createRun(grpoRun(), rows)).toThrow(expect.objectContaining({ code: 'io_failed' }));
  });
});

describe('a run', () => {
  test('that completes leaves everything in the store, and its events come in order', async () => {
    const id = begin('complete');
    const summary = await manager.finished(id);
    expect(summary).toMatchObject({
      status: 'completed',
      step: 5,
      reward: 0.5,
      evalBefore: 0.1,
      evalAfter: 0.9,
      error: null,
    });
    expect(types().filter((type) => type !== 'phase')).toEqual([
      'started',
      'evaluation',
      'step',
      'step',
      'checkpoint',
      'step',
      'step',
      'step',
      'warning',
      'evaluation',
      'finished',
    ]);
    expect(store.reader.getRun(id).info).toMatchObject({ backend: 'cpu', device: 'fake, 2 rows' });
    expect(store.reader.getStep(id, 4)?.groups[1]?.completions[1]).toMatchObject({
      text: 'Completion 1 of step 4',
      tokens: Int32Array.from([4, 1]),
      samplingLogps: Float32Array.from([-2, -1]),
    });
    expect(history(id)).toEqual(['created', 'started', 'started', 'checkpoint', 'warning', 'completed']);
    expect(await manager.finished(id)).toMatchObject({ status: 'completed' });
    expect(() => manager.resume(id, rows)).toThrow('it has taken all its steps');
    expect(() => manager.start(id, rows)).toThrow(expect.objectContaining({ code: 'run_state' }));
  });

  test('keeps as many checkpoints as its config says', async () => {
    const { id, directory } = manager.createRun(grpoRun({ model: 'obey', save_total_limit: 1 }), rows);
    manager.start(id, rows);
    await reachStep3();
    expect(readdirSync(join(directory, 'checkpoints'))).toEqual(['step-000002']);
    manager.checkpoint(id);
    await vi.waitFor(() => expect(types().filter((type) => type === 'checkpoint')).toHaveLength(2), 30_000);
    expect(readdirSync(join(directory, 'checkpoints'))).toEqual(['step-000003']);
  });

  test('is steered by commands: pause, checkpoint, continue, stop', async () => {
    const id = begin('obey');
    await reachStep3();
    expect(() => manager.unpause(id)).toThrow('cannot be continued: it is running');
    manager.pause(id);
    manager.pause(id);
    await vi.waitFor(() => expect(store.reader.getRun(id).status).toBe('paused'), 30_000);
    manager.checkpoint(id);
    manager.unpause(id);
    await vi.waitFor(() => expect(store.reader.getRun(id).status).toBe('running'), 30_000);
    manager.stop(id);
    expect(await manager.finished(id)).toMatchObject({ status: 'stopped', step: 3 });
    expect(history(id).slice(-4)).toEqual(['paused', 'checkpoint', 'resumed', 'stopped']);
    expect(() => manager.stop(id)).toThrow(expect.objectContaining({ code: 'run_state' }));

    expect(manager.resume(id, rows)).toBe(3);
    expect(await manager.finished(id)).toMatchObject({ status: 'completed', step: 5 });
  });

  test('that has ended while its engine has not gone yet is waited for when all are stopped', async () => {
    let leave = (): void => undefined;
    const launchEngine: EngineLauncher = (onEvent, onExit) => {
      setImmediate(() => onEvent({ type: 'finished', step: 0, reason: 'completed' }));
      leave = () => onExit({ code: 0, signal: null, output: [] });
      return { send: () => undefined, kill: leave };
    };
    const lingering = createRunManager({ store, dataDirectory, launchEngine });
    const { id } = lingering.createRun(grpoRun(), rows);
    lingering.start(id, rows);
    await vi.waitFor(() => expect(store.reader.getRun(id).status).toBe('completed'), 30_000);
    const stopped = lingering.stopAll();
    leave();
    await stopped;
    expect(lingering.live()).toEqual([]);
  });

  test('that fails keeps the reason its engine gave', async () => {
    const id = begin('fail');
    expect(await manager.finished(id)).toMatchObject({
      status: 'failed',
      step: 3,
      error: { code: 'training_diverged', message: 'The loss is NaN.' },
    });
    expect(types().at(-1)).toBe('failed');
  });

  test('goes on from its newest checkpoint; what came after it is run again', async () => {
    const id = begin('exit');
    const { error } = await manager.finished(id);
    expect(error?.code).toBe('engine_crashed');
    expect(error?.message).toMatch(/ended with exit code 7\. Its last output:.*std::bad_alloc/s);
    expect(events.at(-1)).toMatchObject({ type: 'failed', step: 3, error });
    const atStep3 = store.reader.getStep(id, 3);
    const ahead = join(store.reader.getRun(id).directory, 'checkpoints', 'step-000004');
    mkdirSync(ahead); // of a step that the host did not live to record

    events.length = 0;
    expect(manager.resume(id, rows)).toBe(2);
    expect(existsSync(ahead)).toBe(false);
    expect(store.reader.getStep(id, 3)).toBeNull();
    expect(await manager.finished(id)).toMatchObject({ status: 'completed', step: 5, error: null });
    expect(events.filter((event) => event.type === 'step').map(({ record }) => record.step)).toEqual([3, 4, 5]);
    expect(store.reader.getStep(id, 3)).toEqual(atStep3);
    expect(history(id)).toEqual([
      'created',
      'started',
      'started',
      'checkpoint',
      'failed',
      'rewound',
      'resumed',
      'started',
      'warning',
      'completed',
    ]);
  });

  test('without a checkpoint begins again', async () => {
    const id = begin('exit');
    await manager.finished(id);
    rmSync(join(store.reader.getRun(id).directory, 'checkpoints'), { recursive: true });
    events.length = 0;
    expect(manager.resume(id, rows)).toBe(0);
    await manager.finished(id);
    expect(events.find((event) => event.type === 'step')?.record.step).toBe(1);
  });

  test('goes on only with the rows it began with', async () => {
    const id = begin('exit');
    await manager.finished(id);
    const [first, second] = rows.trainRows;
    const edited = { ...rows, trainRows: [first!, { ...second!, columns: { answer: '4' } }] };
    expect(() => manager.resume(id, edited)).toThrow(
      expect.objectContaining({ code: 'dataset_invalid', where: { path: 'data/train.jsonl' } }),
    );
    expect(() => manager.resume(id, { ...rows, evalRows: [] })).toThrow(/^data\/eval\.jsonl has changed/);
    expect(store.reader.getRun(id)).toMatchObject({ status: 'failed', step: 3 });
  });

  test('whose folder is gone is not begun again over its history', async () => {
    const id = begin('exit');
    await manager.finished(id);
    rmSync(store.reader.getRun(id).directory, { recursive: true });
    expect(() => manager.resume(id, rows)).toThrow(expect.objectContaining({ code: 'io_failed' }));
    expect(store.reader.getRun(id).step).toBe(3);
  });
});

describe('an engine process', () => {
  test('that is killed by a signal ends its run only', async () => {
    const other = begin('obey');
    const id = begin('abort');
    const { status, error } = await manager.finished(id);
    expect([status, error?.code]).toEqual(['failed', 'engine_crashed']);
    expect(error?.message).toContain('was killed by SIGABRT');
    expect(store.reader.getRun(other).status).toBe('running');
  });

  test('that cannot be loaded ends the run with what Node said', async () => {
    const launchEngine = createForkLauncher({ entry: join(dataDirectory, 'no-engine.mjs') });
    const broken = createRunManager({ store, dataDirectory, launchEngine });
    const { id } = broken.createRun(grpoRun(), rows);
    broken.start(id, rows);
    const { status, error } = await broken.finished(id);
    expect(status).toBe('failed');
    expect(error?.message).toMatch(/exit code 1.*Cannot find module/s);
  });

  test('that reports what the store refuses is killed, and the run tells why', async () => {
    const id = begin('nan');
    expect(await manager.finished(id)).toMatchObject({
      status: 'failed',
      step: 3,
      error: { code: 'store_failed', message: expect.stringContaining('Metric loss of step 4 is NaN') },
    });
  });

  test('that crashes after its last event leaves the run completed, with a warning', async () => {
    const id = begin('bad-exit');
    expect(await manager.finished(id)).toMatchObject({ status: 'completed', error: null });
    expect(store.reader.listEvents(id).at(-1)).toMatchObject({
      type: 'warning',
      message: expect.stringContaining('exit code 3'),
    });
  });

  test('is killed when the manager closes, and its run can be resumed', async () => {
    const id = begin('obey');
    await reachStep3();
    const pid = Number(readFileSync(join(store.reader.getRun(id).directory, 'engine.pid'), 'utf8'));
    await manager.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(store.reader.getRun(id)).toMatchObject({ status: 'interrupted', hostPid: null });
    expect(manager.resume(id, rows)).toBe(2);
    expect(await manager.finished(id)).toMatchObject({ status: 'completed' });
  });
});

test('finished refuses a run that nobody has started', async () => {
  const { id } = manager.createRun(grpoRun(), rows);
  await expect(manager.finished(id)).rejects.toMatchObject({ code: 'run_state' });
});
