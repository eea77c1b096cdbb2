/** Putting a run together: chosen, checked while it is written, as a form and as YAML, begun and cloned. */
import { expectAccessible, expectAccessibleInBothThemes } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';

test.describe.configure({ mode: 'serial' });

const studio = useRealStudio();

test('an empty form says what is still to choose, and marks it when it is started', async ({ page }) => {
  await studio.open(page, '/runs/new');
  const summary = page.getByRole('region', { name: 'Summary' });
  await expect(summary).toContainText('Still to choose: model, dataset, reward rules.');
  await expect(page.getByText('is missing')).toHaveCount(0);
  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page.getByText(/`model` is missing/).first()).toBeVisible();
  await expect(page.getByLabel('Model model')).toHaveAttribute('aria-invalid', 'true');
  await expectAccessibleInBothThemes(page);
});

test('what is wrong is said at its field, and a conflict with what to do', async ({ page }) => {
  await studio.open(page, '/runs/new');
  const rate = page.getByLabel('Learning rate learning_rate');
  await rate.fill('-1');
  await rate.press('Tab');
  await expect(page.getByText('`learning_rate` must be greater than 0, not -1.').first()).toBeVisible();
  await rate.fill('1e-4');
  await rate.press('Tab');
  await expect(page.getByText('must be greater than 0')).toHaveCount(0);

  await page.getByLabel('Model model').selectOption('Starter');
  await page.getByRole('combobox', { name: 'Dataset dataset', exact: true }).selectOption('Addition');
  await page.getByLabel('Begin with a set').selectOption('arithmetic');
  await expect(page.getByText('Nothing is in the way.')).toBeVisible();
  await page.getByText('Loss How tokens push').click();
  await page.getByLabel('Loss type loss_type').selectOption('cispo');
  await expect(page.getByText(/cispo bounds the importance weight by epsilon_high itself/).first()).toBeVisible();
  await page.getByLabel('Loss preset preset').selectOption('cispo');
  await expect(page.getByText(/The preset cispo sets .*epsilon_high 5/)).toBeVisible();
  await expect(page.getByText('Nothing is in the way.')).toBeVisible();
  await expectAccessible(page);
});

test('form and YAML say the same; the run begins, and its clone has its settings', async ({ page }) => {
  test.setTimeout(240_000);
  const faults = await studio.open(page, '/runs/new');
  await page.getByLabel('Model model').selectOption('Starter');
  await page.getByRole('combobox', { name: 'Dataset dataset', exact: true }).selectOption('Addition');
  await expect(page.getByLabel('Held-out dataset eval_dataset')).toHaveValue(/eval\.jsonl$/);
  await page.getByLabel('Begin with a set').selectOption('arithmetic');
  await page.getByLabel('Steps max_steps').fill('2');
  await page.getByRole('tab', { name: 'YAML' }).click();
  const editor = page.getByLabel('Settings as YAML');
  await expect(editor).toContainText('max_steps: 2');

  const write = async (next: string) => {
    await editor.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(next);
  };
  const text = (await editor.innerText()).replace('max_steps: 2', 'max_steps: two');
  await write(text);
  await expect(page.getByRole('list', { name: 'Problems' })).toContainText(/Line \d+: `max_steps` must be a number/);
  await expectAccessible(page);
  const whole = text
    .replace(
      'max_steps: two',
      'max_steps: 2\nname: two steps\neval_samples: 8\nnum_generations: 4\nprompts_per_step: 2',
    )
    .replace(/num_generations: 8\n/, '');
  await write(whole);
  await expect(page.getByRole('list', { name: 'Problems' })).toHaveCount(0);
  await page.getByRole('tab', { name: 'Form' }).click();
  await expect(page.getByLabel('Name name')).toHaveValue('two steps');
  await expect(page.getByRole('region', { name: 'Summary' })).toContainText('2 prompts × 4 completions');
  await expect(page.getByText('Nothing is in the way.')).toBeVisible();

  await page.getByRole('button', { name: 'Start the run' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'two steps' })).toBeVisible();
  await expect(page.locator('header').getByText('Completed')).toBeVisible({ timeout: 120_000 });
  await page.getByRole('link', { name: 'Clone' }).click();
  await expect(page.getByLabel('Name name')).toHaveValue('two steps (copy)');
  await expect(page.getByLabel('Steps max_steps')).toHaveValue('2');
  await expect(page.getByRole('list', { name: 'Rules' })).toContainText('Answer match');
  await page.getByText('Write them as YAML').click();
  await expect(page.getByLabel('Reward rules as YAML')).toContainText('answer_match');
  expect(faults).toEqual([]);
});
