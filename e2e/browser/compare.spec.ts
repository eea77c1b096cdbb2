import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { fillWithComparableRuns } from './comparable-runs.ts';
import { expect, test, useRealStudio } from './page-test.ts';

const sweep = 15;
const studio = useRealStudio({ fill: (folder) => fillWithComparableRuns(folder, sweep) });

const four = 'runs=seed-1,seed-2,faster,long-name';
const everything = `${four},no-evaluation,supervised,${Array.from({ length: sweep }, (_, i) => `sweep-${i + 1}`).join(',')}`;
const chart = (page: Page, metric: string) => page.getByRole('figure', { name: new RegExp(`^${metric}\\.`) });
const legend = (page: Page) => page.getByRole('list', { name: 'Compared runs' });

test('runs are chosen by searching, and their curves are laid over each other', async ({ page }) => {
  const faults = await studio.open(page, '/compare');
  await expect(page.getByRole('heading', { name: 'Which runs?' })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('arithmetic');
  await expect(page.getByText('2 of 21 runs, 0 chosen')).toBeVisible();
  await page.getByRole('checkbox').first().check();
  await page.getByRole('checkbox').nth(1).check();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('ten times');
  await page.getByRole('checkbox').first().check();
  await page.getByRole('button', { name: 'Compare 3 runs' }).click();
  await expect(legend(page).getByRole('listitem')).toHaveCount(3);
  await expect(page).toHaveURL(/runs=/);
  // Seeds of the same settings are one line.
  await expect(chart(page, 'Reward')).toHaveAccessibleName(/arithmetic \(2 runs\): .*ten times the learning rate: /);
  await page.getByLabel('Draw as one').selectOption('Nothing: each run alone');
  await expect(chart(page, 'Reward')).toHaveAccessibleName(/arithmetic, seed \d: .*arithmetic, seed \d: /);
  await page.getByLabel('Over').selectOption('Training time');
  await expect(page).toHaveURL(/x=time/);
  await page.getByRole('slider', { name: /Smoothing/ }).fill('0.9');
  await expect(page.getByText('Smoothing: 0.90')).toBeVisible();
  await page.getByRole('button', { name: 'Choose metrics' }).click();
  await page.getByRole('checkbox', { name: 'num_tokens' }).check();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(chart(page, 'num_tokens')).toBeVisible();
  expect(faults).toEqual([]);
});

test('the baseline is pinned, and pointing at a run sets it off everywhere', async ({ page }) => {
  await studio.open(page, `/compare?${four}&by=runs`);
  const row = page.getByRole('row').filter({ hasText: 'ten times' });
  await expect(row).not.toContainText('baseline');
  await expect(page.getByRole('columnheader', { name: 'Held-out accuracy' })).toHaveAttribute('title', 'eval/accuracy');
  await expect(row).toContainText(/\d\.\d% [+−]?\d/);
  await page.getByRole('button', { name: 'Baseline: ten times the learning rate' }).click();
  await expect(row).toContainText('baseline');
  await expect(page).toHaveURL(/base=faster/);
  await row.hover();
  await expect(legend(page).getByRole('listitem').filter({ hasText: 'seed 1' })).toHaveClass(/opacity-45/);
  await expect(legend(page).getByRole('listitem').filter({ hasText: 'ten times' })).not.toHaveClass(/opacity-45/);
  await page.getByRole('button', { name: 'Take out arithmetic, seed 1' }).focus();
  await page.keyboard.press('Enter');
  await expect(legend(page).getByRole('listitem')).toHaveCount(3);
});

test('a chart is saved as a picture, a vector file and numbers', async ({ page }) => {
  const faults = await studio.open(page, `/compare?${four}`);
  const save = async (name: string) => {
    await page.getByRole('button', { name: 'Export Reward', exact: true }).press('Enter');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()]);
    return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
  };
  const svg = await save('Save as SVG');
  expect(svg.name).toBe('Reward-over-step.svg');
  expect(svg.content.toString()).toMatch(/^<svg[^]*arithmetic \(2 runs\)[^]*<\/svg>\n$/);
  const png = await save('Save as PNG');
  expect(png.content.subarray(1, 4).toString()).toBe('PNG');
  const csv = await save('Save as CSV');
  const lines = csv.content.toString().trim().split('\r\n');
  expect(lines[0]).toBe('run,name,metric,step,value');
  expect(lines[1]).toMatch(/,reward,1,/);
  expect(lines).toHaveLength(1 + 4 * 60);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Export KL to the reference', exact: true }).press('Enter');
  await page.getByRole('menuitem', { name: 'Copy the picture' }).click();
  await expect(page.getByText('Copied the picture.')).toBeVisible();
  expect(faults).toEqual([]);
});

test('settings: differences first, all on demand, searched and copied', async ({ page }) => {
  const faults = await studio.open(page, `/compare?${four}&tab=settings`);
  const cells = (field: string) =>
    page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: field, exact: true }) });
  await expect(cells('learning_rate')).toContainText('1e-5');
  await expect(cells('max_steps')).toHaveCount(0);
  await page.getByRole('checkbox', { name: 'Differences only' }).uncheck();
  await expect(cells('max_steps')).toBeVisible();
  await expect(cells('tagged.weight')).toContainText('0.2');
  await page.getByRole('searchbox', { name: 'Search settings and values' }).fill('SHA-256');
  await expect(page.getByRole('rowheader')).toHaveText([
    /Model and data/,
    'dataset rows, SHA-256',
    'eval_dataset rows, SHA-256',
    'rewards, SHA-256',
  ]);
  await page.getByRole('searchbox', { name: 'Search settings and values' }).fill('beta');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy as Markdown' }).click();
  await expect(page.getByText(/Copied \d rows as Markdown/)).toBeVisible();
  expect(await page.evaluate('navigator.clipboard.readText()')).toContain('| beta | 0.04 | 0.04 | 0 | 0.04 |');
  expect(faults).toEqual([]);
});

test('the same prompt at the same step, side by side', async ({ page }) => {
  const faults = await studio.open(page, `/compare?runs=seed-1,faster,supervised&tab=completions`);
  await expect(page.getByText('warm-up is not shown: It samples no completions while it trains.')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search prompts' }).fill('What is 3 +');
  await page.getByRole('button', { name: /What is 3 \+ 39\?/ }).click();
  const column = page.getByRole('region', { name: /One column for each run/ }).getByRole('region');
  await expect(column).toHaveCount(2);
  await expect(column.first()).toContainText('step 3');
  await expect(page.getByRole('article')).toHaveCount(8);
  await expect(page.getByRole('article', { name: 'Completion 1 of ten times the learning rate' })).toContainText(
    'accuracy',
  );
  await page.getByLabel('Step', { exact: true }).selectOption('step 13');
  await expect(column.nth(1)).toContainText('step 13');
  await page.getByRole('article').first().locator('summary').click();
  await expect(page.getByText(/the answer 42/).first()).toBeVisible();
  expect(faults).toEqual([]);
});

test('who is better, by how much, and on which prompts', async ({ page }) => {
  const faults = await studio.open(page, `/compare?runs=seed-1,faster,no-evaluation&tab=evaluation`);
  await expect(page.getByText('without an evaluation has made no evaluation')).toBeVisible();
  const results = page.getByRole('list', { name: 'Results' }).getByRole('listitem');
  await expect(results.nth(1)).toContainText(
    /ten times the learning rate is better than arithmetic by 0\.\d\d \[0\.\d\d, 0\.\d\d\] on 256 prompts\./,
  );
  await page.getByLabel('Measured by').selectOption('rule accuracy');
  await expect(page).toHaveURL(/measure=accuracy/);
  await results.nth(1).getByRole('button', { name: 'Show the prompts' }).click();
  const prompts = page.getByRole('list', { name: 'Prompts by difference' }).getByRole('button');
  await expect(prompts).toHaveCount(50);
  await prompts.nth(2).press('Enter');
  await expect(page.getByRole('article', { name: 'Answer of arithmetic, step 60' })).toBeVisible();
  await expect(page.getByRole('article', { name: 'Answer of ten times the learning rate, step 60' })).toBeVisible();
  await page.getByLabel('Evaluation of ten times the learning rate').selectOption('before training');
  await expect(results.nth(1)).toContainText(/is worse than arithmetic by/);
  expect(faults).toEqual([]);
});

test('one run is compared with its own beginning, and a run that is gone is said', async ({ page }) => {
  await studio.open(page, '/compare?runs=seed-1,deleted&tab=evaluation');
  await expect(page.getByRole('alert')).toContainText('Run deleted is not in this database.');
  await expect(page.getByText(/arithmetic at step 60 is better than itself before training by/)).toBeVisible();
  await page.getByRole('alert').getByRole('button', { name: 'Take out' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page).not.toHaveURL(/deleted/);
});

const pages: [name: string, place: string][] = [
  ['empty', '/compare'],
  ['charts', `/compare?${four}&smooth=0.7`],
  ['many', `/compare?${everything}&by=runs&smooth=0.8`],
  ['settings', `/compare?${four},supervised&tab=settings`],
  ['completions', `/compare?${four}&tab=completions`],
  ['evaluation', `/compare?${four},no-evaluation&tab=evaluation`],
];
const screenshots = process.env['SCREENSHOT_DIRECTORY'] ?? join(tmpdir(), 'grpo-studio-screenshots');

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every view is accessible and nothing is cut off, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(180_000);
    mkdirSync(screenshots, { recursive: true });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const faults = await studio.open(page, '/compare');
    for (const [name, place] of pages) {
      for (const [width, height] of [
        [1024, 700],
        [1440, 900],
      ]) {
        await page.setViewportSize({ width, height });
        await page.goto(`${studio.origin}/#${place}`);
        await expect(page.getByText(/^Reading|^Comparing/)).toHaveCount(0);
        await page.waitForTimeout(200); // charts are drawn a frame after their data
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        await page.screenshot({ path: join(screenshots, `compare-${name}-${width}x${height}-${colorScheme}.png`) });
      }
      await expectAccessible(page);
    }
    expect(faults).toEqual([]);
  });
}
