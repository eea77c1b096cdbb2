/** From nothing to a run that learns: the demo with the real engine, followed, steered and looked at from all sides. */
import { readFileSync } from 'node:fs';
import { expectAccessible } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';

test.describe.configure({ mode: 'serial' });

const studio = useRealStudio();

const patience = { timeout: 90_000 };

test('one press starts the demo; its reward is drawn, and it is paused, continued, saved and stopped', async ({
  page,
}) => {
  test.setTimeout(240_000);
  const faults = await studio.open(page);
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start the demo run' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'demo' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'The first step is under way' })).toBeVisible();

  // The reward appears, and has another value two steps on.
  const reward = page.getByRole('figure', { name: /^Reward\. / });
  await expect(reward).toBeVisible(patience);
  const first = await reward.getAttribute('aria-label');
  const steps = page.getByRole('progressbar');
  await expect.poll(async () => Number(await steps.getAttribute('aria-valuenow')), patience).toBeGreaterThanOrEqual(3);
  expect(await reward.getAttribute('aria-label')).not.toBe(first);
  await expect(page.getByText(/^about .* left$/)).toBeVisible();

  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Continue' })).toBeVisible(patience);
  await page.getByRole('button', { name: 'Checkpoint now' }).click();
  await expect(page.getByText('The run is saved as it stands.')).toBeVisible();

  // A place is told by keyboard, and a part that is looked at closer stays so while steps come.
  const values = reward.getByRole('slider', { name: 'Values of Reward' });
  await values.focus();
  await page.keyboard.press('Home');
  await expect(values).toHaveAttribute('aria-valuetext', /^step 1, reward \d/);
  await expect(reward).toContainText(/step 1\b/);
  await page.keyboard.press('+');
  const end = await values.getAttribute('aria-valuemax');
  const whole = page.getByRole('slider', { name: 'Values of Entropy' });
  const seen = Number(await whole.getAttribute('aria-valuemax'));
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect.poll(async () => Number(await whole.getAttribute('aria-valuemax')), patience).toBeGreaterThan(seen);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible(patience);
  await expect(values).toHaveAttribute('aria-valuemax', end!);
  await expect(page.locator('header').getByText('Stopped')).toBeVisible();
  await expect(page.getByRole('heading', { name: /^What the loss says in step/ })).toBeVisible(patience);
  await expect(page.getByText(/The policy term is zero in every step/)).toBeVisible();
  expect(faults).toEqual([]);
});

test('the stopped run is shown whole to a page that comes later, in both themes', async ({ page }) => {
  test.setTimeout(120_000);
  const faults = await studio.open(page);
  await page.getByRole('link', { name: 'demo' }).click();
  await expect(page.getByRole('figure', { name: /^Reward\. reward: \d/ })).toBeVisible();
  for (const tab of ['Latest completions', 'Evaluations', /^Events/, 'Settings', 'Charts']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(page.getByRole('tabpanel').getByRole('status')).toHaveCount(0);
    await expectAccessible(page);
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  for (const tab of ['Charts', 'Latest completions', 'Settings']) {
    await page.getByRole('tab', { name: tab }).click();
    await expectAccessible(page);
  }
  await page.getByRole('tab', { name: 'Charts' }).click();
  await page.getByRole('button', { name: 'Export Reward', exact: true }).press('Enter');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Save as CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('demo-Reward-over-step.csv');
  expect(readFileSync(await download.path(), 'utf8')).toMatch(/^run,name,metric,step,value\r\n[\w-]+,demo,reward,1,/);
  await page.getByRole('tab', { name: 'Latest completions' }).click();
  await expect(page.getByText('best completion first')).toBeVisible();
  await expect(page.getByRole('main')).toContainText(/user\s*What is/);
  await expect(page.getByRole('main')).not.toContainText('<|im_start|>');
  await page.getByRole('tab', { name: /^Events/ }).click();
  await expect(page.getByText(/^Stopped after step \d+\.$/)).toBeVisible();
  await page.getByRole('tab', { name: 'Settings' }).click();
  await expect(page.getByLabel('Settings as YAML')).toContainText('max_steps: 60');
  expect(faults).toEqual([]);
});

test('it goes on from where it was to its end, is renamed, and is deleted after a question', async ({ page }) => {
  test.setTimeout(240_000);
  await studio.open(page);
  await page.getByRole('link', { name: 'demo' }).click();
  const steps = page.getByRole('progressbar');
  const before = Number(await steps.getAttribute('aria-valuenow'));
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(async () => Number(await steps.getAttribute('aria-valuenow')), patience).toBeGreaterThan(before);

  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('my first run');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'my first run' })).toBeVisible();

  await expect(page.locator('header').getByText('Completed')).toBeVisible(patience);
  await page.getByRole('button', { name: 'Delete' }).click();
  const question = page.getByRole('dialog');
  await expect(question).toContainText('deleted for good');
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await question.getByRole('button', { name: 'Delete run' }).click();
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
});

test('a run that is not there says so', async ({ page }) => {
  await studio.open(page, '/runs/20200101-0000-0000');
  await expect(page.getByRole('alert')).toContainText('There is no run 20200101-0000-0000');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
});
