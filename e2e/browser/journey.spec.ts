/** The way through the whole studio with the real engine, as a newcomer goes it: a file, rules, a run, its tokens, a comparison, a question. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';
import { watchAnswer } from './studio-page.ts';

const patience = { timeout: 120_000 };

test.use({ actionTimeout: 30_000 });

const root = join(import.meta.dirname, '../..');
const STEPS = 40;

/** Rows of the file: sums of two numbers. */
const sums = Array.from({ length: 64 }, (_, i) => [i + 3, (i * 7) % 50]);

// A run of one step stands for yesterday's work: rules are edited against completions that a model has written.
const studio = useRealStudio({
  fill: (folder) => {
    const config = join(folder, 'yesterday.yaml');
    writeFileSync(
      config,
      `name: yesterday
model: ${join(root, 'resources/models/starter')}
dataset: ${join(root, 'resources/datasets/addition/train.jsonl')}
rewards:
  - { name: accuracy, type: answer_match, extract: { type: tag, tag: answer } }
max_steps: 1
prompts_per_step: 4
num_generations: 4
max_completion_length: 40
`,
    );
    execFileSync(process.execPath, [join(root, 'src-main/cli/main.ts'), 'train', config, '--data-dir', folder]);
  },
});

const studioLink = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Studio' }).getByRole('link', { name, exact: true });

test('from a file of sums to two compared runs and a question to what they made', async ({ page }) => {
  test.setTimeout(300_000);
  const faults = await studio.open(page, '/datasets');
  const bench = page.getByRole('region', { name: 'Test bench' });
  const meanReward = async () =>
    Number(/mean reward (−?[\d.]+)/.exec(await bench.getByText(/mean reward/).innerText())?.[1]);
  const steps = page.getByRole('progressbar');
  const stepsDone = async () => Number(await steps.getAttribute('aria-valuenow'));

  await test.step('a CSV is imported, its columns mapped with the prompts in sight', async () => {
    const file = join(studio.dataDirectory, 'sums.csv');
    writeFileSync(file, `a,b,result\n${sums.map(([a, b]) => `${a},${b},${a + b}`).join('\n')}\n`);
    await page.getByRole('link', { name: 'Import a dataset' }).click();
    await page.locator('input[type=file]').first().setInputFiles(file);
    await page.getByLabel('Prompt', { exact: true }).selectOption('A template of columns');
    await page.getByLabel('Template').fill('What is {a} + {b}?');
    await page.getByLabel('Answer column').selectOption('result');
    const first = page.getByRole('region', { name: 'First rows' }).getByRole('article').first();
    await expect(first).toContainText('What is 3 + 0?<|im_end|>');
    await expect(first).toContainText(/\d+ tokens/);
    await page.getByLabel('Share in percent').fill('0');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'sums' })).toBeVisible();
    await expect(page.getByText('64 rows, none held out')).toBeVisible();
  });

  await test.step('a rule is edited, and completions of a run are scored anew', async () => {
    await studioLink(page, 'Rewards').click();
    await page.getByRole('link', { name: /^Arithmetic/ }).click();
    await expect(bench.getByText('4 groups · 16 completions')).toBeVisible();
    const before = await meanReward();
    await page.getByLabel('Weight of format').fill('0.5');
    await expect.poll(meanReward).not.toBe(before);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('sums-and-form');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('version 1', { exact: true })).toBeVisible();
  });

  await test.step('a run is put together of the starter, the dataset and the rules', async () => {
    await studioLink(page, 'Datasets').click();
    await page.getByRole('link', { name: 'sums', exact: true }).click();
    await page.getByRole('link', { name: 'Train on it' }).click();
    await expect(page.getByRole('combobox', { name: 'Dataset dataset', exact: true })).toHaveValue(/train\.jsonl$/);
    await page.getByLabel('Model model').selectOption('Starter');
    await page.getByLabel('Begin with a set').selectOption('sums-and-form, version 1');
    await expect(page.getByRole('list', { name: 'Rules' })).toContainText('× 0.5');
    await page.getByText('Write them as YAML').click();
    await expect(page.getByLabel('Reward rules as YAML')).toContainText('weight: 0.5');
    for (const [field, value] of [
      ['name', 'first'],
      ['max_steps', String(STEPS)],
      ['learning_rate', '1e-4'],
      ['prompts_per_step', '4'],
      ['num_generations', '4'],
      ['max_completion_length', '40'],
    ]) {
      const input = page.getByRole('textbox', { name: new RegExp(` ${field}$`) });
      await input.fill(value);
      await input.press('Tab');
    }
    await expect(page.getByRole('region', { name: 'Summary' })).toContainText('4 prompts × 4 completions');
    await expect(page.getByText('Nothing is in the way.')).toBeVisible();
    await page.getByRole('button', { name: 'Start the run' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'first', exact: true })).toBeVisible();
  });

  await test.step('its reward moves; it is paused and goes on to its end', async () => {
    const reward = page.getByRole('figure', { name: /^Reward\. / });
    await expect(reward).toBeVisible(patience);
    const drawn = await reward.getAttribute('aria-label');
    await expect.poll(() => reward.getAttribute('aria-label'), patience).not.toBe(drawn);
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(page.getByRole('button', { name: 'Continue' })).toBeVisible(patience);
    const paused = await stepsDone();
    expect(paused).toBeGreaterThan(0);
    expect(paused).toBeLessThan(STEPS);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect.poll(stepsDone, patience).toBeGreaterThan(paused);
    await expect(page.locator('header').getByText('Completed')).toBeVisible(patience);
    expect(await stepsDone()).toBe(STEPS);
  });

  await test.step('a group of its samples is opened, and a token of the best completion', async () => {
    await page.getByRole('link', { name: 'Samples', exact: true }).click();
    await page
      .getByRole('listbox', { name: /^(Groups|Completions)$/ })
      .getByRole('option')
      .first()
      .click();
    const columns = page.getByRole('article');
    await expect(columns).toHaveCount(4);
    await expect(columns.first()).toContainText('accuracy');
    await columns
      .first()
      .getByRole('button', { name: /^Tokens of/ })
      .click();
    await expect(page.getByRole('listbox', { name: 'Tokens' })).toBeFocused();
    await page.keyboard.press('ArrowRight');
    const token = page.getByRole('status', { name: 'Token' });
    await expect(token).toContainText('token 2 of');
    await expect(token).toContainText('ratio π/π_old');
    await page.getByRole('link', { name: 'Back to the run first' }).click();
  });

  await test.step('a clone with another learning rate runs to its end', async () => {
    await page.getByRole('link', { name: 'Clone' }).click();
    await expect(page.getByLabel('Name name')).toHaveValue('first (copy)');
    for (const [field, value] of [
      ['name', 'second'],
      ['max_steps', '8'],
      ['learning_rate', '2e-5'],
    ]) {
      const input = page.getByRole('textbox', { name: new RegExp(` ${field}$`) });
      await input.fill(value);
      await input.press('Tab');
    }
    await expect(page.getByText('Nothing is in the way.')).toBeVisible();
    await page.getByRole('button', { name: 'Start the run' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'second' })).toBeVisible();
    await expect(page.locator('header').getByText('Completed')).toBeVisible(patience);
  });

  await test.step('both are laid over each other, and what differs is told', async () => {
    await studioLink(page, 'Runs').click();
    await page.getByRole('checkbox', { name: 'Choose first' }).check();
    await page.getByRole('checkbox', { name: 'Choose second' }).check();
    await page.getByRole('main').getByRole('link', { name: 'Compare' }).click();
    await expect(page.getByRole('list', { name: 'Compared runs' }).getByRole('listitem')).toHaveCount(2);
    await expect(page.getByRole('figure', { name: /^Reward\./ })).toHaveAccessibleName(
      /(first|second): .*(second|first): /,
    );
    await page.getByRole('tab', { name: 'Settings and rewards' }).click();
    const learningRate = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'learning_rate' }) });
    await expect(learningRate).toContainText('1e-4');
    await expect(learningRate).toContainText('2e-5');
    await expectAccessible(page);
  });

  await test.step('the starter and the first run answer a prompt side by side, scored by its rules', async () => {
    await studioLink(page, 'Runs').click();
    await page.getByRole('link', { name: 'first', exact: true }).click();
    await page.getByRole('link', { name: 'Try it' }).click();
    await expect(page.getByLabel('Message 1', { exact: true })).toHaveValue('What is 3 + 0?');
    await expect(page.getByLabel('Scored by')).toHaveValue(/^\d{8}-/);
    await page.getByLabel('Answers each').fill('2');
    await page.getByLabel('Tokens at most').fill('48');
    // Whoever listens to the page hears how the text of an answer grows.
    const lengths = await watchAnswer(page);
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    for (const policy of ['Starter', `first, step ${STEPS}`]) {
      await expect(page.getByText(`${policy} has answered, mean reward`)).toHaveCount(1);
      const answer = page.getByRole('article', { name: `Answer 1 of ${policy}` });
      await expect(answer).toContainText(/reward \d\.\d\d/);
      await expect(answer).toContainText('accuracy');
    }
    expect(await lengths()).toBeGreaterThan(1);
  });

  expect(faults).toEqual([]);
});
