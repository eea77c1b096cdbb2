import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { databasePath, resolveDataDirectory } from './data-directory.ts';

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
