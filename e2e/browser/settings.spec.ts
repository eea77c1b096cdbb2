/** Settings: backends and their reasons, storage and cleaning up, the database's check, the theme. */
import { mkdirSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebSocketRoute } from 'playwright/test';
import { expectAccessible, expectAccessibleInBothThemes } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';

const studio = useRealStudio();

test('backends are tried in a process of their own, and each says why', async ({ page }) => {
  const faults = await studio.open(page, '/settings');
  const backends = page.getByRole('region', { name: 'Backends, best first' });
  for (const name of ['native', 'tensorflow', 'cpu']) {
    await expect(backends.getByRole('heading', { name, exact: true })).toBeVisible();
  }
  await expect(backends.getByText('used', { exact: true })).toHaveCount(1);
  await expect(backends).toContainText('It is the best backend on this machine.');
  await expect(page.getByRole('region', { name: 'This computer' })).toContainText(process.versions.node);
  await expectAccessibleInBothThemes(page);
  expect(faults).toEqual([]);
});

test('what nothing needs is counted, and deleted after a question', async ({ page }) => {
  const upload = join(studio.dataDirectory, 'uploads/sent');
  mkdirSync(upload, { recursive: true });
  writeFileSync(join(upload, 'rows.jsonl'), Buffer.alloc(5000));
  await studio.open(page, '/settings');
  const storage = page.getByRole('region', { name: 'Storage' });
  await expect(storage).toContainText(studio.dataDirectory);
  await expect(storage).toContainText('Files sent by the page: 1 file, 5.0 kB');
  await expect(storage.getByRole('button', { name: 'Delete: Old checkpoints' })).toBeDisabled();
  await storage.getByRole('button', { name: 'Delete: Files sent by the page' }).click();
  await expect(page.getByRole('dialog')).toContainText('This frees 5.0 kB.');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(storage).toContainText('Files sent by the page: nothing');
  expect(existsSync(upload)).toBe(false);
});

test('without a connection one message stands, and what could not be read is read with the next', async ({ page }) => {
  let isCut = false;
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/rpc$/, (socket) => {
    if (isCut) return socket.close();
    sockets.push(socket);
    socket.connectToServer();
  });
  await studio.open(page, '/runs');
  await expect(page.getByRole('heading', { name: 'Runs', exact: true })).toBeVisible();
  isCut = true;
  await Promise.all(sockets.map((socket) => socket.close()));
  await page.goto(`${studio.origin}/#/settings`);
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(1);
  await expect(page.getByRole('alert')).toContainText('The connection to the studio was lost');
  isCut = false;
  await expect(page.getByRole('region', { name: 'This computer' })).toContainText(process.versions.node);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('the database is checked', async ({ page }) => {
  await studio.open(page, '/settings');
  await page.getByRole('button', { name: 'Check it' }).click();
  await expect(page.getByText('The database is sound: 0 runs.')).toBeVisible();
});

test('a theme that is chosen by keyboard stays', async ({ page }) => {
  await studio.open(page, '/settings');
  const theme = page.getByRole('group', { name: 'Theme' });
  await expect(theme.getByRole('radio', { name: 'As the system' })).toBeChecked();
  await theme.getByRole('radio', { name: 'As the system' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(theme.getByRole('radio', { name: 'Dark' })).toBeChecked();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await ground()).toBe('rgb(14, 18, 27)');
  await page.reload();
  await expect(theme.getByRole('radio', { name: 'Dark' })).toBeChecked();
  expect(await ground()).toBe('rgb(14, 18, 27)');
  await theme.getByText('Light').click();
  expect(await ground()).toBe('rgb(245, 246, 249)');
});
