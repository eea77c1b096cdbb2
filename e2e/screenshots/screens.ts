/** Every screen of the studio: where it is, and what to do on it before its picture is taken. */
import { expect, type Page } from 'playwright/test';
import type { FilledStudio } from './fill-studio.ts';

export interface Screen {
  /** Of its files. */
  name: string;
  place: string;
  /** Brings it into the state to show. */
  prepare?: (page: Page) => Promise<void>;
  /** Also pictured in the smallest window that the studio is made for. */
  small?: boolean;
}

/** What a newcomer sees. */
export const emptyScreens: Screen[] = [{ name: 'first-run', place: '/runs', small: true }];

export function screensOf({ run, runs, dataset, file }: FilledStudio): Screen[] {
  const compared = `/compare?runs=${runs.join(',')}`;
  const telling = `/runs/${run}/samples?variance=some&step=2`;
  return [
    { name: 'runs', place: '/runs', small: true },
    { name: 'new-run', place: '/runs/new', prepare: fillForm, small: true },
    { name: 'new-run-yaml', place: `/runs/new?from=${run}`, prepare: openTab('YAML') },
    { name: 'run', place: `/runs/${run}`, small: true },
    { name: 'run-completions', place: `/runs/${run}?tab=completions` },
    { name: 'run-evaluations', place: `/runs/${run}?tab=evaluations` },
    { name: 'run-events', place: `/runs/${run}?tab=events` },
    { name: 'run-settings', place: `/runs/${run}?tab=config` },
    { name: 'samples', place: telling, small: true },
    { name: 'samples-tokens', place: `${telling}&view=tokens&colour=coefficient`, prepare: lookAtToken },
    { name: 'samples-over-time', place: `${telling}&view=time` },
    { name: 'compare', place: `${compared}&smooth=0.6`, small: true },
    { name: 'compare-settings', place: `${compared}&tab=settings` },
    { name: 'compare-completions', place: `${compared}&tab=completions` },
    { name: 'compare-evaluation', place: `${compared}&tab=evaluation&by=runs` },
    { name: 'models', place: '/models' },
    { name: 'model', place: '/models/starter' },
    { name: 'model-template', place: '/models/starter?tab=template' },
    { name: 'model-memory', place: '/models/starter?tab=memory' },
    { name: 'datasets', place: '/datasets' },
    { name: 'dataset-import', place: '/datasets/import', prepare: (page) => chooseFile(page, file), small: true },
    { name: 'dataset', place: `/datasets/${dataset}` },
    { name: 'dataset-lengths', place: `/datasets/${dataset}?tab=lengths` },
    { name: 'rewards', place: '/rewards' },
    { name: 'reward-editor', place: '/rewards/edit?set=sums', prepare: openRule, small: true },
    { name: 'playground', place: `/playground?run=${run}&row=89`, prepare: ask, small: true },
    { name: 'settings', place: '/settings' },
  ];
}

async function fillForm(page: Page): Promise<void> {
  await page.getByLabel('Model model').selectOption('Starter');
  await page.getByRole('combobox', { name: 'Dataset dataset', exact: true }).selectOption('Addition');
  await page.getByLabel('Begin with a set').selectOption('arithmetic');
  await expect(page.getByText('Nothing is in the way.')).toBeVisible();
}

function openTab(name: string) {
  return (page: Page) => page.getByRole('tab', { name }).click();
}

async function lookAtToken(page: Page): Promise<void> {
  await page.getByRole('listbox', { name: 'Tokens' }).focus();
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowRight');
}

async function chooseFile(page: Page, file: string): Promise<void> {
  const input = page.locator('input[type=file]').first();
  const other = page.getByRole('button', { name: 'Another file' });
  await expect(input.or(other).first()).toBeAttached();
  if ((await input.count()) > 0) await input.setInputFiles(file);
  await expect(page.getByRole('article').first()).toBeVisible();
}

async function openRule(page: Page): Promise<void> {
  const accuracy = page.getByRole('article', { name: /: accuracy$/ }).getByRole('button', { expanded: false });
  await accuracy.first().click();
  await expect(page.getByText(/mean reward/).first()).toBeVisible();
}

async function ask(page: Page): Promise<void> {
  await expect(page.getByLabel('Message 1', { exact: true })).toHaveValue(/\d/);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(page.getByRole('article').first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeDisabled({ timeout: 60_000 });
}
