/** The rewards' pages on the real studio, with a short run of the real engine to score. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { expect, test, useRealStudio } from './page-test.ts';

test.use({ timezoneId: 'Europe/Berlin' });

const cli = join(import.meta.dirname, '../../src-main/cli/main.ts');

const studio = useRealStudio({
  fill: (folder) => void execFileSync(process.execPath, [cli, 'demo', '--steps', '2', '--data-dir', folder]),
});

test.beforeEach(() => test.setTimeout(120_000));

const rules = (page: Page) => page.getByRole('region', { name: 'Rules' });
const names = (page: Page) => rules(page).getByRole('article').locator('strong');
const card = (page: Page, name: string) => rules(page).getByRole('article', { name: new RegExp(`: ${name}$`) });
const bench = (page: Page) => page.getByRole('region', { name: 'Test bench' });
const facts = (page: Page) => bench(page).getByText(/mean reward/);
const meanReward = async (page: Page) => Number(/mean reward (−?[\d.]+)/.exec(await facts(page).innerText())?.[1]);
const script = (page: Page) => page.getByRole('textbox', { name: /^JavaScript of/ });

async function addRule(page: Page, title: RegExp) {
  await page.getByRole('button', { name: 'Add rule' }).click();
  await page.getByRole('dialog').getByRole('button', { name: title }).click();
}

async function saveAs(page: Page, name: string) {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
}

test('an edited rule changes the scores of real completions at once', async ({ page }) => {
  const faults = await studio.open(page, '/rewards/edit?preset=arithmetic');
  await expect(facts(page)).toContainText('16 groups · 128 completions');
  const before = await meanReward(page);
  await page.getByLabel('Weight of format').fill('2');
  await expect.poll(() => meanReward(page)).toBeGreaterThan(before + 1);
  await expect(page.getByText('changed, not saved')).toBeVisible();

  await card(page, 'accuracy').getByRole('button', { expanded: false }).click();
  await bench(page).getByLabel('Look at').selectOption('accuracy');
  await expect(bench(page).getByText('Extracted', { exact: true }).first()).toBeVisible();
  await card(page, 'accuracy').getByLabel('Extract', { exact: true }).selectOption('boxed');
  await expect(
    bench(page)
      .getByText(/^Nothing extracted/)
      .first(),
  ).toBeVisible();

  await bench(page).getByRole('tab', { name: 'Typed text' }).click();
  await bench(page)
    .getByRole('textbox', { name: 'Completion 1' })
    .fill('<think>so</think><answer>\\boxed{42}</answer>');
  await expect(bench(page).getByRole('article', { name: 'Completion 1' }).locator('mark').first()).toBeVisible();
  await expect(bench(page).getByRole('article', { name: 'Completion 1' }).getByTestId('reward')).toHaveText('3.00');
  expect(faults).toEqual([]);
});

test('perfect answers are held against the rules, and a finished run is scored anew', async ({ page }) => {
  await studio.open(page, '/rewards/edit?preset=arithmetic');
  await bench(page).getByRole('tab', { name: 'Perfect answers' }).click();
  await expect(bench(page).getByText(/^All [\d,]+ perfect answers get the best score/)).toBeVisible();
  await bench(page).getByRole('tab', { name: 'A run' }).click();
  await page.getByLabel('Weight of accuracy').fill('-1');
  await expect(bench(page).getByRole('list', { name: 'What looks wrong' })).toContainText('accuracy');
  await bench(page).getByRole('button', { name: 'Re-score the run' }).click();
  await expect(bench(page).getByRole('row', { name: /^Spearman/ })).toContainText('−');
  await expect(bench(page).getByText(/^The best completion is another in/)).toBeVisible();
});

test('rules are moved, copied and deleted by keyboard, and what was done is said', async ({ page }) => {
  await studio.open(page, '/rewards/edit?preset=json_extraction');
  await expect(names(page)).toHaveText(['exact', 'similarity', 'valid_json']);
  await card(page, 'exact').getByRole('button', { expanded: false }).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await expect(names(page)).toHaveText(['similarity', 'exact', 'valid_json']);
  await expect(rules(page).getByText('exact is now rule 2 of 3.')).toBeAttached();
  await page.keyboard.press('Alt+ArrowDown');
  await expect(names(page)).toHaveText(['similarity', 'valid_json', 'exact']);
  await expect(card(page, 'exact').getByRole('button', { expanded: false })).toBeFocused();
  await expect(card(page, 'similarity').getByText('outcome')).toBeVisible();

  await page.getByRole('button', { name: 'Move exact up' }).press('Enter');
  await expect(names(page)).toHaveText(['similarity', 'exact', 'valid_json']);
  await page.getByRole('button', { name: 'Duplicate exact' }).press('Enter');
  await expect(names(page)).toHaveText(['similarity', 'exact', 'exact_2', 'valid_json']);
  await page.getByRole('button', { name: 'Delete similarity' }).press('Enter');
  await expect(names(page)).toHaveText(['exact', 'exact_2', 'valid_json']);
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect(names(page)).toHaveText(['similarity', 'exact', 'exact_2', 'valid_json']);
});

test('a rule is dragged to another place', async ({ page }) => {
  await studio.open(page, '/rewards/edit?preset=json_extraction');
  await expect(names(page)).toHaveText(['exact', 'similarity', 'valid_json']);
  await page.getByTitle('Drag to move').last().hover();
  await page.mouse.down();
  await card(page, 'exact').hover({ position: { x: 60, y: 10 } });
  await card(page, 'exact').hover({ position: { x: 60, y: 6 } });
  await page.mouse.up();
  await expect(names(page)).toHaveText(['valid_json', 'exact', 'similarity']);
});

test('a script is completed while it is typed, and its error stands where it is', async ({ page }) => {
  const faults = await studio.open(page, '/rewards/edit');
  await addRule(page, /^JavaScript/);
  await script(page).click();
  await page.keyboard.type('function score({ completion }) {\nreturn completion.incl');
  await page.getByRole('option', { name: 'includes' }).click();
  await page.keyboard.type("('answer') ? 1 : ;");
  await expect(card(page, 'javascript').getByText(/^Line 2: .*SyntaxError/)).toBeVisible();
  await expect(page.locator('.cm-lintRange-error').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
  await expect(bench(page).getByText('Waits for the mistakes to be mended')).toBeVisible();
  await page.keyboard.press('Backspace');
  await page.keyboard.type('0;');
  await expect(card(page, 'javascript').getByText(/^Line 2/)).toBeHidden();
  await expect(
    bench(page)
      .getByText(/^the script gave/)
      .first(),
  ).toBeVisible({ timeout: 30_000 });
  expect(faults).toEqual([]);
});

test('mistakes are told at their fields, and rules of a file that are wrong can be mended', async ({ page }) => {
  await studio.open(page, '/rewards/edit');
  const file = join(studio.dataDirectory, 'wrong.yaml');
  writeFileSync(
    file,
    'rewards:\n  - {name: steps, type: regex, pattern: "("}\n  - {name: band, type: length_band, max: -2, color: red}\n',
  );
  await page.getByLabel('YAML file').setInputFiles(file);
  await expect(names(page)).toHaveText(['steps', 'band']);
  await card(page, 'band').getByRole('button', { expanded: false }).click();
  await expect(card(page, 'band').getByText(/color/).first()).toBeVisible();
  await expect(card(page, 'band').getByRole('spinbutton', { name: 'Max', exact: true })).toHaveAttribute(
    'aria-invalid',
    'true',
  );
  await page.getByRole('button', { name: 'Delete band' }).click();
  await card(page, 'steps').getByRole('button', { expanded: false }).click();
  await expect(card(page, 'steps').getByLabel('Pattern')).toHaveAttribute('aria-invalid', 'true');
  await card(page, 'steps').getByLabel('Pattern').fill('\\d+');
  await expect(facts(page)).toBeVisible();
});

test('a set is saved in versions; what differs between them is shown; it goes into a file and back', async ({
  page,
}) => {
  await studio.open(page, '/rewards/edit?preset=arithmetic');
  await saveAs(page, 'sums');
  await expect(page.getByText('version 1', { exact: true })).toBeVisible();
  await page.getByLabel('Weight of format').fill('0.5');
  await addRule(page, /^Length band/);
  await card(page, 'length_band').getByRole('spinbutton', { name: 'Max', exact: true }).fill('64');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('version 2', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Use in a new run' })).toHaveAttribute(
    'href',
    '#/runs/new?rewards=sums%402',
  );

  await page.getByRole('button', { name: 'Versions' }).click();
  const differences = page.getByRole('list', { name: 'Differences' });
  await expect(differences.getByRole('listitem')).toHaveCount(2);
  await expect(differences).toContainText('length_band added');
  await expect(differences.getByRole('row', { name: 'weight 0.2 0.5' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Put version 1 into the editor' }).click();
  await expect(names(page)).toHaveText(['accuracy', 'format']);
  await expect(page.getByText('changed, not saved')).toBeVisible();

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const path = await (await download).path();
  expect(readFileSync(path, 'utf8')).toContain('name: accuracy');
  await page.goto(`${studio.origin}/#/rewards`);
  await expect(page.getByRole('link', { name: 'sums' })).toBeVisible();
  await page.getByRole('link', { name: 'sums' }).click();
  await expect(page.getByText('Changes that were not saved are here again.')).toBeVisible();
  await expect(names(page)).toHaveText(['accuracy', 'format']);
});

test('an unknown set is told, with a way on', async ({ page }) => {
  await studio.open(page, '/rewards/edit?set=nothing');
  await expect(page.getByRole('alert')).toContainText('There is no rule set nothing');
  await page.getByRole('link', { name: 'All rule sets' }).click();
  await expect(page.getByRole('heading', { name: 'For common tasks' })).toBeVisible();
});

/** The right edge of whatever reaches furthest right inside the page's main part. */
const rightmostEdge =
  "Math.max(...[...document.querySelectorAll('main *')].map((e) => e.getBoundingClientRect().right))";

for (const colorScheme of ['light', 'dark'] as const) {
  test(`is accessible and whole at 1024×700, ${colorScheme}, with thirty rules and a long text`, async ({ page }) => {
    await page.setViewportSize({ width: 1024, height: 700 });
    await page.emulateMedia({ colorScheme });
    await studio.open(page, '/rewards');
    await expect(page.getByRole('heading', { name: 'For common tasks' })).toBeVisible();
    await expectAccessible(page);
    await page.goto(`${studio.origin}/#/rewards/edit`);
    const file = join(studio.dataDirectory, 'many.yaml');
    const lines = Array.from(
      { length: 30 },
      (_, i) => `  - {name: rule_${i}_with_a_name_as_long_as_names_get, type: contains, texts: [a]}`,
    );
    writeFileSync(file, `rewards:\n${lines.join('\n')}\n`);
    await page.getByLabel('YAML file').setInputFiles(file);
    await expect(names(page)).toHaveCount(30);
    await bench(page).getByRole('tab', { name: 'Typed text' }).click();
    await bench(page).getByRole('textbox', { name: 'Completion 1' }).fill('banana '.repeat(20_000));
    await expect(bench(page).getByRole('button', { name: /^Show 139,300 more characters/ })).toBeVisible();
    await rules(page).getByRole('button', { expanded: false }).first().click();
    await expectAccessible(page);
    expect(await page.evaluate(rightmostEdge)).toBeLessThanOrEqual(1024 - 20);
  });
}
