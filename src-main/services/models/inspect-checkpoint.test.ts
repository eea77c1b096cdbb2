import { readdir } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeRefusals } from '../../../e2e/fixtures/broken-checkpoints/refused-folders.ts';
import { inspectCheckpoint } from './inspect-checkpoint.ts';
import { openModelLibrary } from './library.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'refused-imports-'));
afterAll(() => rmSync(dataDirectory, { recursive: true }));
const library = openModelLibrary({ dataDirectory, reader: { listRuns: () => [] } as never });

/** Imports a folder into a library, which must have nothing of it when it is refused. */
async function importModel(folder: string): Promise<void> {
  const progress = { report: () => undefined, signal: new AbortController().signal };
  const name = await library.importModel({ path: folder, link: false }, progress).catch(async (error: unknown) => {
    const left = (await readdir(join(dataDirectory, 'models')).catch(() => [])).filter(
      (entry) => entry !== '.downloads',
    );
    expect(left).toEqual([]);
    throw error;
  });
  await library.remove(name);
}

describeRefusals('an import', { open: importModel });

test('an inspection tells what is in a folder', async () => {
  const report = await inspectCheckpoint(join(import.meta.dirname, '../../../resources/models/starter'));
  expect(report.bytes).toBe(report.parameters * (report.dtypes[0] === 'F32' ? 4 : 2));
  expect(report.config.family).toBe('llama');
  expect(report.templatePreview).toContain('What is 2 + 3?');
});
