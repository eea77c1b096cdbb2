import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newRun } from '../store/fixtures/records.ts';
import { openStore } from '../store/open.ts';
import { databasePath, resolveDataDirectory } from './data-directory.ts';
import { createServices } from './runs.ts';

describe('resolveDataDirectory', () => {
  const home = '/home/ada';
  test.each([
    [{ flag: 'here', environment: { GRPO_STUDIO_HOME: '/there' } }, resolve('here')],
    [{ environment: { GRPO_STUDIO_HOME: '/there' } }, '/there'],
    [{ environment: { GRPO_STUDIO_HOME: '' }, platform: 'linux' as const }, '/home/ada/.local/share/grpo-studio'],
    [{ environment: {}, platform: 'darwin' as const }, '/home/ada/Library/Application Support/GRPO Studio'],
    [{ environment: { APPDATA: '/appdata' }, platform: 'win32' as const }, '/appdata/GRPO Studio'],
  ])('%o', (sources, expected) => {
    expect(resolveDataDirectory({ home, ...sources })).toBe(expected);
  });

  test('holds the database', () => {
    expect(databasePath('/data')).toBe('/data/studio.sqlite');
  });
});

test('services list and find the runs of the store', () => {
  const store = openStore(':memory:');
  store.writer.createRun(newRun('20261122-1748-7f3a', { name: 'baseline' }));
  const services = createServices({ store });
  expect(services.listRuns()).toMatchObject([{ id: '20261122-1748-7f3a', name: 'baseline', status: 'created' }]);
  expect(services.getRun('baseline').run.type).toBe('grpo');
  expect(() => services.getRun('other')).toThrow(expect.objectContaining({ code: 'run_not_found' }));
  store.close();
});
