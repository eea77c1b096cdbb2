import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { exampleRuns, manyRuns } from './example-runs.ts';
import { expect, test } from './page-test.ts';
import { openStudio, type ListAnswer } from './studio-page.ts';

test.use({ timezoneId: 'Europe/Berlin' });

const locked: ListAnswer = {
  ok: false,
  error: {
    code: 'store_failed',
    message: 'The database cannot be read: another program keeps it locked. Close that program and try again.',
    path: '/home/ada/.local/share/grpo-studio/studio.sqlite',
  },
};
const examples: ListAnswer = { ok: true, value: exampleRuns };

const cell = (page: Page, name: string, column: number) =>
  page
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name }) })
    .getByRole('cell')
    .nth(column + 1); // the first one holds the box to choose the run with

test('lists the runs with their status, steps, accuracy and times', async ({ page }) => {
  const { faults } = await openStudio(page, examples);
  await expect(page.getByRole('table', { name: 'Runs in this database, newest first' })).toBeVisible();
  await expect(page.getByRole('status').first()).toHaveText('9 runs, 1 running');
  await expect(page.getByRole('rowheader')).toHaveCount(exampleRuns.length);
  await expect(cell(page, 'demo', 0)).toHaveText('GRPO');
  await expect(cell(page, 'demo', 1)).toHaveText('Completed');
  await expect(cell(page, 'demo', 2)).toContainText('120 / 120');
  await expect(cell(page, 'demo', 3)).toHaveText(/33\.2%.*77\.3%.*\+44\.1\spercentage points/s);
  await expect(cell(page, 'demo', 5)).toHaveText('3 min 48 s');
  await expect(cell(page, 'starter warm-up', 0)).toHaveText('SFT');
  await expect(cell(page, 'without KL penalty', 3)).toContainText('−3.1');
  await expect(page.getByRole('cell', { name: 'The loss of step 18 is not a number.' })).toBeVisible();
  expect(faults).toEqual([]);
});

test('says how to start when there is no run, and shows the first one by itself', async ({ page }) => {
  const { answerWith, faults } = await openStudio(page, { ok: true, value: [] });
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start the demo run' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'New run' })).toBeVisible();
  await expect(page.getByText('npm run demo')).toBeVisible();
  answerWith(examples);
  await expect(page.getByRole('rowheader')).toHaveCount(exampleRuns.length);
  expect(faults).toEqual([]);
});

test('finds, sorts and chooses runs; several are compared, one that goes on is not deleted', async ({ page }) => {
  const { faults } = await openStudio(page, examples);
  const names = page.getByRole('rowheader');
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('RATE learning');
  await expect(names).toHaveText(['learning rate 1e-3']);
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('nothing like this');
  await page.getByRole('button', { name: 'Show all runs' }).click();
  await page.getByLabel('Status', { exact: true }).selectOption('completed');
  await expect(names).toHaveText(['demo', 'starter warm-up', 'first try']);
  await page.getByRole('button', { name: 'Steps' }).click();
  await expect(names).toHaveText(['starter warm-up', 'demo', 'first try']);
  await expect(page.getByRole('columnheader', { name: 'Steps' })).toHaveAttribute('aria-sort', 'descending');
  await page.getByLabel('Status', { exact: true }).selectOption('all');

  await page.getByLabel('Choose demo').check();
  await expect(page.getByRole('button', { name: 'Rename' })).toBeVisible();
  await page.getByLabel('Choose arithmetic, 8 per group').check();
  await expect(page.getByRole('link', { name: 'Compare', exact: true }).last()).toHaveAttribute(
    'href',
    '#/compare?runs=run-2%2Crun-4',
  );
  await expect(page.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await page.getByRole('button', { name: 'Choose none' }).click();
  await expect(page.getByLabel('Choose demo')).not.toBeChecked();
  await expect(page.getByRole('link', { name: 'demo' })).toHaveAttribute('href', '#/runs/run-4');
  expect(faults).toEqual([]);
});

test('says that it reads while no answer has come', async ({ page }) => {
  await openStudio(page, 'silence');
  await expect(page.getByText('Reading the runs')).toBeAttached();
  await expect(page.getByRole('table')).toHaveCount(0);
});

test('says why the runs cannot be read, and tries again by keyboard', async ({ page }) => {
  const { answerWith } = await openStudio(page, locked);
  await expect(page.getByRole('alert')).toContainText('another program keeps it locked');
  await expect(page.getByRole('alert')).toContainText('/home/ada/.local/share/grpo-studio/studio.sqlite');
  await page.getByRole('main').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeFocused();
  answerWith(examples);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('table')).toBeVisible();
});

test('asks again on its own, but not without a pause', async ({ page }) => {
  const { calls } = await openStudio(page, locked);
  await expect.poll(calls, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  const before = calls();
  await page.evaluate('new Promise((done) => setTimeout(done, 500))');
  expect(calls() - before).toBeLessThanOrEqual(1);
});

test('keeps the list when a later refresh fails', async ({ page }) => {
  const { answerWith } = await openStudio(page, examples);
  await expect(page.getByRole('table')).toBeVisible();
  answerWith(locked);
  await expect(page.getByRole('alert')).toContainText('no longer up to date');
  await expect(page.getByRole('rowheader')).toHaveCount(exampleRuns.length);
});

test('says that the connection is lost when the host ends', async ({ page }) => {
  const { endHost } = await openStudio(page, examples);
  await expect(page.getByRole('table')).toBeVisible();
  await endHost();
  await expect(page.getByRole('alert').filter({ hasText: 'The connection to the studio was lost' })).toBeVisible();
  await expect(page.getByRole('rowheader')).toHaveCount(exampleRuns.length);
});

test('a very long list comes in parts, and its head stays in sight', async ({ page }) => {
  await openStudio(page, { ok: true, value: manyRuns(2000) });
  await expect(page.getByRole('status').first()).toContainText('2,000 runs');
  await expect(page.getByRole('rowheader')).toHaveCount(200);
  await page.getByRole('button', { name: 'Show 200 more of 1,800' }).press('Enter');
  await expect(page.getByRole('rowheader')).toHaveCount(400);
  await page.keyboard.press('End');
  await expect(page.getByRole('rowheader', { name: 'sweep 1601' })).toBeInViewport();
  await expect(page.getByRole('columnheader', { name: 'Status' })).toBeInViewport();
});

/** The right edge of whatever reaches furthest right inside the page's main part. */
const rightmostEdge =
  "Math.max(...[...document.querySelectorAll('main *')].map((e) => e.getBoundingClientRect().right))";

test.describe('at every size and in both themes', () => {
  const folder = process.env['SCREENSHOT_DIRECTORY'] ?? join(tmpdir(), 'grpo-studio-screenshots');
  mkdirSync(folder, { recursive: true });
  const states: Record<string, ListAnswer> = {
    list: examples,
    empty: { ok: true, value: [] },
    loading: 'silence',
    error: locked,
    long: { ok: true, value: manyRuns(300) },
  };
  for (const [width, height] of [
    [1024, 700],
    [1440, 900],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [state, answer] of Object.entries(states)) {
        test(`${state}, ${width}×${height}, ${colorScheme}: nothing is cut off`, async ({ page }) => {
          await page.setViewportSize({ width, height });
          await page.emulateMedia({ colorScheme });
          await openStudio(page, answer);
          await page.waitForTimeout(500); // the loading state fades in
          expect(await page.evaluate(rightmostEdge)).toBeLessThanOrEqual(width - 20);
          if (state !== 'long') await expectAccessible(page); // 300 rows are no other than the list's
          await page.screenshot({ path: join(folder, `runs-${state}-${width}x${height}-${colorScheme}.png`) });
        });
      }
    }
  }
});
