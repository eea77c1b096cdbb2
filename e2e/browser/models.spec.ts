/** The model library: imported, looked into, its template and memory tried, removed. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectAccessible, expectAccessibleInBothThemes } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';

const starter = join(import.meta.dirname, '../../resources/models/starter');

test.describe.configure({ mode: 'serial' });

const studio = useRealStudio();
let folder: string;

test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grpo-studio-models-'));
  cpSync(starter, join(folder, 'carded'), { recursive: true });
  writeFileSync(
    join(folder, 'carded/README.md'),
    [
      '---\nlicense: apache-2.0\n---\n# Carded\n',
      'It *adds*. See [the paper](https://arxiv.org/abs/2402.03300) or [a file](./notes.md).',
      '<script>window.pwned = 1</script><img src="x" onerror="window.pwned = 2">',
      '<p style="position: fixed; inset: 0" onclick="window.pwned = 3">styled</p> <a href="javascript:alert(1)">run</a>\n',
      '| a | b |\n|---|---|\n| 1 | 2 |\n',
      '```python\nprint("hello")\n```\n',
    ].join('\n'),
  );
});

test.afterAll(() => rmSync(folder, { recursive: true }));

test('an empty library offers the starter, which is then looked into', async ({ page }) => {
  const faults = await studio.open(page, '/models');
  await expect(page.getByRole('heading', { name: 'No models in the library yet' })).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.getByRole('button', { name: 'Add the starter' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'starter' })).toBeVisible();
  const facts = page.getByRole('region', { name: 'Facts' });
  await expect(facts).toContainText('LlamaForCausalLM');
  await expect(facts).toContainText('1,017,856');
  await expect(facts).toContainText('<|im_end|>');
  await expect(facts).toContainText('apache-2.0');
  await expect(page.getByRole('article', { name: 'README' })).toContainText('often forgets the carry');
  await expectAccessibleInBothThemes(page);
  expect(faults).toEqual([]);
});

test('a folder is linked; its README is shown as text that can do nothing', async ({ page }) => {
  const faults = await studio.open(page, '/models');
  await page.getByRole('button', { name: 'Add a model' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a model' });
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(dialog.getByText('Name the folder first.')).toBeVisible();
  await dialog.getByLabel('Folder', { exact: true }).fill(join(folder, 'carded/config.json'));
  await dialog.getByLabel('Use the folder where it lies').check();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'carded' })).toBeVisible();
  const readme = page.getByRole('article', { name: 'README' });
  await expect(readme.getByRole('heading', { level: 3, name: 'Carded' })).toBeVisible();
  await expect(readme.getByRole('link')).toHaveCount(1);
  await expect(readme.getByRole('link', { name: 'the paper' })).toHaveAttribute('rel', 'noreferrer noopener');
  await expect(readme.getByRole('cell', { name: '2' })).toBeVisible();
  await expect(readme.locator('script, img, [style], [onclick]')).toHaveCount(0);
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  await expect(page.getByRole('region', { name: 'Facts' })).toContainText('apache-2.0');
  await expectAccessibleInBothThemes(page);
  expect(faults).toEqual([]);
});

test('an import that cannot be is said in a sentence', async ({ page }) => {
  await studio.open(page, '/models');
  await page.getByRole('button', { name: 'Add a model' }).click();
  await page.getByLabel('Folder', { exact: true }).fill(join(folder, 'nowhere'));
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByText(`${join(folder, 'nowhere')} does not exist.`)).toBeVisible();

  await page.getByRole('button', { name: 'Add a model' }).click();
  await page.getByRole('tab', { name: 'Hugging Face Hub' }).click();
  await page.getByLabel('Id on the Hub').fill('not an id');
  await page.getByRole('button', { name: 'Download' }).click();
  await expect(page.getByText('An id is owner/name')).toBeVisible();
  await expectAccessibleInBothThemes(page);
});

test('the template is shown at work on a conversation that is edited', async ({ page }) => {
  await studio.open(page, '/models/starter?tab=template');
  const rendered = page.getByLabel('Rendered prompt');
  await expect(rendered).toHaveText('<|im_start|>user\nWhat is 2 + 3?<|im_end|>\n<|im_start|>assistant\n');
  await page.getByLabel('Text of message 1').fill('Hi');
  await expect(rendered).toContainText('<|im_start|>user\nHi<|im_end|>');
  await page.getByRole('button', { name: 'Add a message' }).click();
  await page.getByLabel('Text of message 2').fill('Hello');
  await expect(rendered).toContainText('<|im_start|>assistant\nHello<|im_end|>');
  await page.getByRole('button', { name: 'Remove message 1' }).click();
  await expect(rendered).not.toContainText('Hi<|im_end|>');
  await expectAccessibleInBothThemes(page);
});

test('the memory follows the settings, and says what would fit', async ({ page }) => {
  await studio.open(page, '/models/starter?tab=memory');
  const verdict = page.getByRole('status').filter({ hasText: 'at the peak' });
  await expect(verdict).toContainText('fits');
  const before = await verdict.textContent();
  await page.getByLabel('Completions per prompt (G)').fill('64');
  await expect(verdict).not.toHaveText(before!);
  await page.getByLabel('Completions per prompt (G)').fill('1');
  await expect(page.getByText('A whole number of at least 2.')).toBeVisible();
  await page.getByLabel('Completions per prompt (G)').fill('100000');
  await page.getByLabel('Prompts per step').fill('1000');
  await expect(verdict).toContainText('does not fit');
  await expect(page.getByLabel('Base weights in 8 bit')).toBeDisabled();
  await page.getByLabel('LoRA rank').fill('16');
  await expect(page.getByLabel('Base weights in 8 bit')).toBeEnabled();
  await expectAccessibleInBothThemes(page);
});

test('a model is removed after a question that says what goes', async ({ page }) => {
  await studio.open(page, '/models');
  await expect(page.getByText('2 models')).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.getByRole('button', { name: 'Remove carded' }).click();
  await expect(page.getByText('the folder that it links to stays as it is. No run began from it.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep' }).click();
  await expect(page.getByRole('link', { name: 'carded' })).toBeVisible();
  await page.getByRole('link', { name: 'starter' }).click();
  await page.getByRole('link', { name: 'New run with this model' }).click();
  await expect(page.getByLabel('Model model').locator('option:checked')).toHaveText('starter');
  await page.goBack();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove model' }).click();
  await expect(page.getByText('1 model, 0 B on this disk')).toBeVisible();
});
