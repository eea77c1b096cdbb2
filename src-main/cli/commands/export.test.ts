import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { at, completedRun, result, run } from '../fixtures/workspace.ts';

const starter = resolve(import.meta.dirname, '../../../resources/models/starter');

test('exports a folder and tells its files', async () => {
  const { stdout, status } = await run('export', starter, '--format', 'gguf', '--type', 'q8_0', '--out', at('gguf'));
  expect(status).toBe(0);
  expect(stdout).toContain('starter-q8_0.gguf');
  expect(readdirSync(at('gguf'))).toEqual(['starter-q8_0.gguf']);
  const again = await run('export', starter, '--format', 'gguf', '--out', at('gguf'));
  expect(again.status).toBe(1);
  expect(again.stderr).toContain('--force');
  expect(await result('export', starter, '--format', 'gguf', '--out', at('gguf'), '--force')).toMatchObject({
    event: 'exported',
    files: [{ name: 'starter-f16.gguf' }],
  });
});

test('refuses a number format of another form, a step of a folder, and a step that a run did not keep', async () => {
  const refused = async (...words: string[]) => {
    const { status, stderr } = await run('export', ...words, '--out', at('refused'));
    expect(status).not.toBe(0);
    expect(existsSync(at('refused'))).toBe(false);
    return stderr;
  };
  expect(await refused(starter, '--format', 'gguf', '--dtype', 'float16')).toContain(
    'dtype is a setting of huggingface',
  );
  expect(await refused(starter, '--format', 'gguf', '--step', '3')).toContain('is a folder');
  const id = await completedRun();
  expect(await refused(id, '--format', 'huggingface', '--step', '99')).toContain('no checkpoint of step 99');
});
