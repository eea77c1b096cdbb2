import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { contentSecurityPolicy } from '../page-files.ts';
import { rendererHandler } from './renderer-protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'renderer-protocol-'));
mkdirSync(join(folder, 'renderer/assets'), { recursive: true });
writeFileSync(join(folder, 'renderer/index.html'), '<!doctype html>');
writeFileSync(join(folder, 'renderer/assets/app.js'), 'export {};');
writeFileSync(join(folder, 'renderer/private.sqlite'), 'no page file');
writeFileSync(join(folder, 'secret.html'), 'outside');
mkdirSync(join(folder, 'renderer-other'));
writeFileSync(join(folder, 'renderer-other/secret.html'), 'outside');

const answer = rendererHandler(join(folder, 'renderer'));
const get = (path: string) => answer(new Request(`studio://app${path}`));

afterAll(() => rmSync(folder, { recursive: true }));

test('serves the page and its assets with their types and the policy', async () => {
  const page = await get('/');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await page.text()).toBe('<!doctype html>');
  const script = await get('/assets/app.js?v=1');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
});

test.each([
  ['a missing file', '/missing.js'],
  ['a way out', '/..%2fsecret.html'],
  ['a way out with a backslash', '/..%5csecret.html'],
  ['a way into a folder that begins with the same name', '/..%2frenderer-other/secret.html'],
  ['a null byte', '/index.html%00.js'],
  ['a file of a type no page has', '/private.sqlite'],
  ['a folder', '/assets'],
])('refuses %s', async (_what, path) => {
  expect((await get(path)).status).toBe(404);
});

test('refuses a path that is no text, another host and another method', async () => {
  expect((await get('/%ff')).status).toBe(404);
  expect((await answer(new Request('studio://other/index.html'))).status).toBe(404);
  expect((await answer(new Request('studio://app/index.html', { method: 'POST' }))).status).toBe(404);
});

test('the policy allows no inline script and no foreign origin', () => {
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  expect(contentSecurityPolicy).not.toMatch(/unsafe|https?:|\*/);
});
