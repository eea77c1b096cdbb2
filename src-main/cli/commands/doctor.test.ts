import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { at, completedRun, result, run } from '../fixtures/workspace.ts';

describe('doctor', () => {
  test('tells every backend and why', async () => {
    const { stdout, status } = await run('doctor');
    expect(status).toBe(0);
    expect(stdout).toContain(`Node         ${process.versions.node} on `);
    expect(stdout).toMatch(/native +not available +–\n +cpu +used +made up/);
    expect(stdout).toContain('native  It was not built.');
    await completedRun();
    expect(await result('doctor')).toMatchObject({ backend: 'cpu', database: { state: 'readable' } });
  });

  test('makes no data folder, and fails on a damaged database', async () => {
    expect(await result('doctor', '--data-dir', at('untouched'))).toMatchObject({
      data_bytes: 0,
      database: { state: 'missing' },
    });
    expect(readdirSync(at('.'))).not.toContain('untouched');
    mkdirSync(at('damaged'));
    writeFileSync(at('damaged/studio.sqlite'), 'This is no database, whatever its name says. '.repeat(100));
    const damaged = await run('doctor', '--data-dir', at('damaged'));
    expect(damaged.status).toBe(1);
    expect(damaged.stdout).toContain(at('damaged/studio.sqlite'));
  });
});
