import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readModelReadme } from './model-readme.ts';

let folder: string;
const write = (text: string) => writeFileSync(join(folder, 'README.md'), text);

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'readme-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('front matter is left out, rules in the text are not', async () => {
  write('---\r\nlicense: mit\r\n---\r\n# Tiny\n\n---\n\nEnd');
  expect(await readModelReadme(folder)).toBe('# Tiny\n\n---\n\nEnd');
  write('# No front matter\n---\n');
  expect(await readModelReadme(folder)).toBe('# No front matter\n---');
});

test('no file, and one with front matter alone, are nothing', async () => {
  expect(await readModelReadme(folder)).toBeNull();
  write('---\nlicense: mit\n---\n');
  expect(await readModelReadme(folder)).toBeNull();
});

test('a very long text is cut', async () => {
  write('x'.repeat(300_000));
  expect(await readModelReadme(folder)).toHaveLength(200_000);
});
