/** The playground with the real engine: a model beside what a run made of it, streamed, scored and stopped. */
import type { Page } from 'playwright/test';
import { expectAccessible, expectAccessibleInBothThemes } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';
import { watchAnswer } from './studio-page.ts';

test.describe.configure({ mode: 'serial' });

const studio = useRealStudio();

async function ask(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
}

function answer(page: Page, number: number, policy: string) {
  return page.getByRole('article', { name: `Answer ${number} of ${policy}` });
}

function textOf(page: Page, number: number, policy: string) {
  return page.getByRole('group', { name: `Text of Answer ${number} of ${policy}` });
}

test('before any run there is a model to ask, and what was not asked is said', async ({ page }) => {
  const faults = await studio.open(page, '/playground');
  await expect(page.getByLabel('Policy 1', { exact: true })).toHaveValue('model:Starter');
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeDisabled();
  await expect(page.getByText('Nothing asked yet')).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.getByRole('button', { name: 'Take from a dataset …' }).click();
  await expect(page.getByRole('dialog')).toContainText('There is no dataset yet.');
  await page.keyboard.press('Escape');
  await page.getByLabel('Seed', { exact: true }).fill('1.5');
  await expect(page.getByText('A whole number, 0 or more.')).toBeVisible();

  await page.getByLabel('Message 1', { exact: true }).fill('What is 20 + 3?');
  await page.getByLabel('Tokens at most').fill('9000');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('alert')).toContainText(/exceed the model's context of \d+/);
  await expectAccessible(page);
  expect(faults).toEqual([]);
});

test('a model and a checkpoint answer the same prompt with the same seed, scored by rules', async ({ page }) => {
  test.setTimeout(240_000);
  const faults = await studio.open(page, '/runs/new');
  // A run of two steps, to have a checkpoint.
  await page.getByLabel('Model model').selectOption('Starter');
  await page.getByRole('combobox', { name: 'Dataset dataset', exact: true }).selectOption('Addition');
  await page.getByLabel('Held-out dataset eval_dataset').selectOption('');
  await page.getByLabel('Begin with a set').selectOption('arithmetic');
  await page.getByLabel('Steps max_steps').fill('2');
  await page.getByLabel('Name name').fill('two steps');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page.locator('header').getByText('Completed')).toBeVisible({ timeout: 120_000 });
  const id = /runs\/([^/?]+)/.exec(page.url())?.[1] ?? '';

  await page.goto(`${studio.origin}/#/playground?run=${id}&row=0`);
  await expect(page.getByLabel('Policy 2', { exact: true })).toHaveValue(`run:${id}:2`);
  await expect(page.getByLabel('Message 1', { exact: true })).toHaveValue(/^What is \d+ \+ \d+\?$/);
  await expect(page.getByLabel('Column answer')).toHaveValue(/^\d+$/);
  await page.getByLabel('Scored by').selectOption('arithmetic');
  await page.getByLabel('Temperature').fill('0');
  await page.getByLabel('Answers each').fill('2');
  await page.getByLabel('Tokens at most').fill('48');
  await ask(page);
  for (const policy of ['Starter', 'two steps, step 2']) {
    await expect(page.getByRole('heading', { name: policy })).toBeVisible();
    for (const number of [1, 2]) {
      await expect(answer(page, number, policy)).toContainText(/reward \d\.\d\d/);
      await expect(textOf(page, number, policy)).toContainText('<answer>');
    }
    // Without chance all answers of a policy are the same.
    expect(await textOf(page, 1, policy).innerText()).toBe(await textOf(page, 2, policy).innerText());
  }
  await expect(page.getByText('Starter has answered, mean reward')).toHaveCount(1);
  await answer(page, 1, 'Starter').getByText('accuracy', { exact: true }).click();
  await expect(answer(page, 1, 'Starter').locator('dl')).toContainText('accuracy:');
  await expectAccessibleInBothThemes(page);

  // The same seed gives the same texts, another one other texts.
  await page.getByLabel('Temperature').fill('3');
  const drawn = async () => {
    await ask(page);
    await expect(page.getByText(/two steps, step 2 has answered/)).toHaveCount(1);
    await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeEnabled();
    return page.getByRole('group', { name: /^Text of/ }).allInnerTexts();
  };
  const first = await drawn();
  expect(await drawn()).toEqual(first);
  await page.getByRole('button', { name: 'Next seed' }).click();
  expect(await drawn()).not.toEqual(first);
  expect(faults).toEqual([]);
});

test('an answer is streamed, and can be stopped', async ({ page }) => {
  const faults = await studio.open(page, '/playground');
  await page.getByText('Plain text').click();
  await page.getByLabel('Text to complete').fill('1, 2, 3');
  await page.getByLabel('Temperature').fill('100');
  await page.getByLabel('Answers each').fill('16');
  await page.getByLabel('Tokens at most').fill('480');
  const lengths = await watchAnswer(page);
  await ask(page);
  await expect(page.getByText(/Starter has answered/)).toHaveCount(1);
  expect(await lengths()).toBeGreaterThan(2);

  // At once, so that it cannot have answered before.
  await page.getByRole('form', { name: 'Question' }).evaluate(async (form) => {
    const button = (name: string) =>
      [...form.querySelectorAll('button')].find(({ textContent }) => textContent.trim() === name);
    button('Ask')?.click();
    while (button('Stop')?.disabled === true) await new Promise((resolve) => setTimeout(resolve));
    button('Stop')?.click();
  });
  await expect(page.getByText(/Starter was stopped\./)).toHaveCount(1);
  await expect(answer(page, 16, 'Starter')).toContainText('stopped');
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeEnabled();

  await page.getByLabel('Text to complete').fill('');
  await page.getByRole('button', { name: 'Asked before' }).click();
  await page.getByRole('menuitem', { name: 'text: 1, 2, 3' }).click();
  await expect(page.getByLabel('Text to complete')).toHaveValue('1, 2, 3');
  expect(faults).toEqual([]);
});
