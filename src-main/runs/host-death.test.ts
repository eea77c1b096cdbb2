/** What is left when a host process dies by SIGKILL, and how two hosts on one database keep out of each other's way. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/interfaces.ts';
import { fakeEnginePath, rows } from './fixtures/fake.ts';
import { createForkLauncher } from './fork-launcher.ts';
import { createRunManager } from './run-manager.ts';

const hostPath = fileURLToPath(new URL('./fixtures/host.ts', import.meta.url));

let dataDirectory: string;
let hosts: ChildProcess[];

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'grpo-host-'));
  hosts = [];
});

afterEach(() => {
  hosts.forEach((host) => host.kill('SIGKILL'));
  rmSync(dataDirectory, { recursive: true });
});

/** Starts a host and waits until its run has recorded step 3. */
async function startHost(scenario: string, ...fatalStep: string[]): Promise<{ host: ChildProcess; id: string }> {
  const host = spawn(process.execPath, [hostPath, dataDirectory, scenario, ...fatalStep], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  hosts.push(host);
  const [id] = (await once(createInterface({ input: host.stdout! }), 'line')) as [string];
  return { host, id };
}

async function ended(host: ChildProcess): Promise<NodeJS.Signals | null> {
  if (host.exitCode === null && host.signalCode === null) await once(host, 'exit');
  return host.signalCode;
}

function openManager(store: Store) {
  return createRunManager({ store, dataDirectory, launchEngine: createForkLauncher({ entry: fakeEnginePath }) });
}

function openDatabase(): Store {
  return openStore(join(dataDirectory, 'studio.sqlite'));
}

test('a host killed in the middle of writing a step leaves whole steps, and the run resumes', async () => {
  const { host, id } = await startHost('complete', '4');
  expect(await ended(host)).toBe('SIGKILL');

  const store = openDatabase();
  expect(() => store.check()).not.toThrow();
  expect(store.reader.getRun(id)).toMatchObject({ status: 'running', step: 3 });
  expect(store.reader.listGroups(id, 4)).toEqual([]);
  expect(store.reader.getStep(id, 3)?.groups).toHaveLength(2);

  const manager = openManager(store);
  expect(store.reader.getRun(id)).toMatchObject({ status: 'interrupted', hostPid: null });
  expect(store.reader.listEvents(id).at(-1)?.message).toBe(
    `Its host (process ${host.pid}) ended before the run did; 3 steps are recorded.`,
  );
  expect(manager.resume(id, rows)).toBe(2);
  expect(await manager.finished(id)).toMatchObject({ status: 'completed', step: 5 });
  store.close();
});

test('a run that another process drives is left alone until that process dies, and its engine dies with it', async () => {
  const { host, id } = await startHost('obey');
  const store = openDatabase();
  const bystander = openManager(store);
  expect(store.reader.getRun(id)).toMatchObject({ status: 'running', hostPid: host.pid });
  expect(() => bystander.pause(id)).toThrow(
    expect.objectContaining({
      code: 'run_state',
      message: expect.stringContaining(`is driven by process ${host.pid}`),
    }),
  );
  await expect(bystander.finished(id)).rejects.toMatchObject({ code: 'run_state' });

  const enginePid = Number(readFileSync(join(store.reader.getRun(id).directory, 'engine.pid'), 'utf8'));
  expect(process.kill(enginePid, 0)).toBe(true);
  host.kill('SIGKILL');
  await ended(host);
  await vi.waitFor(() => expect(() => process.kill(enginePid, 0)).toThrow('ESRCH'), 30_000);

  expect(() => bystander.stop(id)).toThrow('it was interrupted; it can be resumed');
  expect(store.reader.getRun(id).status).toBe('interrupted');
  bystander.resume(id, rows);
  expect(await bystander.finished(id)).toMatchObject({ status: 'completed' });
  store.close();
});

test('a run that cannot be marked as interrupted does not hide the others', async () => {
  const { host, id } = await startHost('obey');
  host.kill('SIGKILL');
  await ended(host);
  const store = openDatabase();
  const { directory } = store.reader.getRun(id);
  rmSync(join(directory, 'driver.lock'), { force: true });
  mkdirSync(join(directory, 'driver.lock')); // as on a disk that is full or not to be written
  const manager = openManager(store);
  expect(store.reader.listRuns()).toMatchObject([{ id, status: 'running' }]);
  expect(() => manager.resume(id, rows)).toThrow(expect.objectContaining({ code: 'store_failed' }));
  store.close();
});
