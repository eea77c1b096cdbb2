import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { expectAccessibleInBothThemes } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';

test.setTimeout(120_000); // axe looks at whole pages, many times

const studio = useRealStudio({ each: true });

function file(name: string, text: string): string {
  const path = join(studio.dataDirectory, name);
  writeFileSync(path, text);
  return path;
}

/** Semicolons, and in row 4 (line 5) no answer. */
function sumsCsv(): string {
  const lines = Array.from({ length: 60 }, (_, i) => `"What is ${i} + 1?";${i === 3 ? '' : i + 1};level ${i % 3}`);
  return file('sums.csv', `question;answer;level\n${lines.join('\n')}\n`);
}

const preview = (page: Page) => page.getByRole('region', { name: 'First rows' });

async function choose(page: Page, path: string) {
  await page.locator('input[type=file]').first().setInputFiles(path);
  await expect(page.getByRole('heading', { name: 'What the columns are' })).toBeVisible();
}

test('a CSV is mapped, its faulty row is shown, and it is imported, browsed, searched and deleted', async ({
  page,
}) => {
  const faults = await studio.open(page, '/datasets');
  await expect(page.getByRole('heading', { name: 'No datasets yet' })).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.getByRole('link', { name: 'Import a dataset' }).click();
  await choose(page, sumsCsv());

  const first = preview(page).getByRole('article', { name: 'Row 2', exact: true });
  await expect(first).toContainText('What is 0 + 1?<|im_end|>');
  await expect(first).toContainText(/\d+ tokens/);
  await expect(preview(page).getByRole('article', { name: 'Row 5', exact: true })).toContainText(
    '"answer", the answer, is empty',
  );

  await page.getByLabel('Prompt', { exact: true }).selectOption('A template of columns');
  await page.getByLabel('Template').fill('{level}: {question} Be quick.');
  await expect(first).toContainText('level 0: What is 0 + 1? Be quick.');
  await page.getByLabel('Template').fill('{nothing}');
  await expect(first).toContainText('has no "nothing" column, which the template names');
  await page.getByLabel('Template').fill('{');
  await expect(page.getByRole('alert').first()).toContainText('The template has a single "{"');
  await page.getByLabel('Template').fill('{question}');
  await page.getByLabel('System message').fill('You add numbers.');
  await expect(first).toContainText('You add numbers.');
  await expectAccessibleInBothThemes(page);

  await page.getByRole('button', { name: 'Check every row' }).click();
  await expect(page.getByRole('region', { name: 'Rows with faults' })).toContainText('Row 5');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('sums.csv, row 5: "answer", the answer, is empty');
  await page.getByRole('combobox', { name: 'Rows with faults' }).selectOption('are left out');
  await page.getByLabel('Share in percent').fill('0');
  await page.getByLabel('Name').fill('Small sums');
  await page.getByRole('button', { name: 'Import', exact: true }).click();

  await expect(page.getByRole('heading', { name: 'Small sums' })).toBeVisible();
  await expect(page.getByRole('option')).not.toHaveCount(0);
  await page.getByRole('listbox', { name: 'Rows' }).press('ArrowDown');
  await expect(page.getByRole('region', { name: 'Row 2', exact: true })).toContainText('What is 1 + 1?');
  await page.getByLabel('Go to row').fill('59');
  await page.getByLabel('Go to row').press('Enter');
  await expect(page.getByRole('region', { name: 'Row 59', exact: true })).toContainText('What is 59 + 1?');
  await page.getByLabel('Search in the rows').fill('LEVEL 2');
  await expect(page.getByText('20 rows found')).toBeVisible();
  await page.getByLabel('Search in the rows').fill('nowhere');
  await expect(page.getByText('No row holds “nowhere”.')).toBeVisible();
  await page.getByLabel('Search in the rows').fill('');
  await expectAccessibleInBothThemes(page);

  await page.getByRole('tab', { name: 'Lengths' }).click();
  await expect(page.getByRole('figure').first()).toContainText('median');
  await page.getByLabel('with room for a completion of').fill('511');
  const warning = page.getByRole('status').filter({ hasText: 'do not fit' });
  await expect(warning).toContainText('59 rows (100.0%) have prompts of more than 1 tokens');
  await expectAccessibleInBothThemes(page);
  await page.getByRole('tab', { name: 'How it was made' }).click();
  await expect(page.getByText('the template {question}')).toBeVisible();
  await expectAccessibleInBothThemes(page);

  await page.getByRole('link', { name: 'Datasets', exact: true }).last().click();
  await expectAccessibleInBothThemes(page);
  await page.getByRole('button', { name: 'Delete Small sums' }).click();
  await page.getByRole('button', { name: 'Delete dataset' }).click();
  await expect(page.getByRole('heading', { name: 'No datasets yet' })).toBeVisible();
  expect(faults).toEqual([]);
});

test("a JSONL in GSM8K's shape is known, and a part of it is held out", async ({ page }) => {
  const lines = Array.from({ length: 300 }, (_, i) =>
    JSON.stringify({ question: `How many are ${i} and 2?`, answer: `${i} + 2 = ${i + 2}\n#### ${i + 2}` }),
  );
  const faults = await studio.open(page, '/datasets/import');
  await choose(page, file('marbles.jsonl', lines.join('\n')));
  await expect(page.getByLabel('Looks like')).toHaveValue('gsm8k');
  await expect(preview(page).getByRole('article').first()).toContainText('solution');
  await page.getByLabel('Share in percent').fill('20');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'marbles' })).toBeVisible();
  await page.getByLabel('Part of the dataset').selectOption({ index: 1 });
  await expect(page.getByRole('option', { selected: true }).last()).toContainText('How many are');
  await page.reload();
  await expect(page.getByLabel('Part of the dataset')).toHaveValue('eval');
  expect(faults).toEqual([]);
});

test('a file that is none is refused, and the example is one press away', async ({ page }) => {
  await studio.open(page, '/datasets/import');
  await page.locator('input[type=file]').setInputFiles(file('picture.csv', '\x89PNG\0\0\0'));
  await expect(page.getByRole('alert')).toContainText('is binary, and no Parquet file');
  await page.getByRole('link', { name: 'Datasets' }).first().click();
  await page.getByRole('button', { name: 'Add the example' }).click();
  await expect(page.getByRole('heading', { name: 'Addition' })).toBeVisible();
  await expect(page.getByText('2,048 rows, 256 held out')).toBeVisible();
});
