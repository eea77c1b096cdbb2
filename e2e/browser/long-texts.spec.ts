/** Names, prompts and completions as nobody wants them: words of any length, which stay in their boxes. */
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { grpoConfigSchema } from '../../src-main/contract/config.ts';
import type { CompletionRecord } from '../../src-main/contract/engine.ts';
import { openStore } from '../../src-main/store/open.ts';
import { expect, test, useRealStudio } from './page-test.ts';

const word = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(8);
const rule = 'a_rule_whose_name_no_column_of_a_table_has_room_for';
const hebrew = 'כמה הם 12 ועוד 30?';

function completion(place: number): CompletionRecord {
  const values = () => Float32Array.from([-0.1, -0.2]);
  return {
    text: place === 0 ? word : hebrew,
    tokens: Int32Array.from([1, 2]),
    finishReason: 'eos',
    reward: 1234.5 * place,
    advantage: place - 0.5,
    scores: [{ rule, score: 1234.5 * place, why: word }],
    samplingLogps: values(),
    oldLogps: values(),
    referenceLogps: null,
    policyLogps: values(),
    entropies: values(),
    coefficients: values(),
  };
}

const studio = useRealStudio({
  fill: (folder) => {
    const store = openStore(join(folder, 'studio.sqlite'));
    for (const id of ['long', 'longer']) {
      store.writer.createRun({
        id,
        name: word.slice(0, 200),
        run: {
          type: 'grpo',
          config: grpoConfigSchema.parse({
            model: `/nowhere/${word}`,
            dataset: 'data/train.jsonl',
            max_steps: 20,
            rewards: [{ type: 'regex', name: rule, pattern: word }],
          }),
        },
        directory: join(folder, 'runs', id),
        datasetHash: 'a'.repeat(64),
        evalDatasetHash: 'b'.repeat(64),
      });
      for (let step = 1; step <= 20; step++) {
        store.writer.recordStep(id, {
          step,
          metrics: { reward: step * 1e6, step_time: 1 },
          groups: [{ row: 4, prompt: word, promptTokens: Int32Array.from([1]), completions: [0, 1].map(completion) }],
        });
      }
      const { text, tokens, finishReason, reward, scores } = completion(0);
      const samples = [{ row: 0, prompt: word, text, tokens, finishReason, reward, scores }];
      store.writer.recordEvaluation(id, { step: 20, metrics: { accuracy: 1 }, samples });
    }
    store.close();
  },
});

test.use({ viewport: { width: 1024, height: 700 } });

/** Waits until nothing is being read. */
async function settle(page: Page): Promise<void> {
  await page.getByRole('heading').first().waitFor();
  await expect(page.locator('[data-waiting]')).toHaveCount(0);
}

const places = [
  '/runs',
  '/runs/new?from=long',
  ...['charts', 'completions', 'evaluations', 'events', 'config'].map((tab) => `/runs/long?tab=${tab}`),
  ...['group', 'tokens', 'time'].map((view) => `/runs/long/samples?view=${view}`),
  ...['charts', 'settings', 'completions', 'evaluation'].map((tab) => `/compare?runs=long,longer&tab=${tab}`),
];
for (const place of places) {
  test(`${place} is no wider than its window`, async ({ page }) => {
    await studio.open(page, place);
    await settle(page);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1024);
  });
}

test('at a zoom of 200% a table keeps its names, and scrolls', async ({ page }) => {
  await page.setViewportSize({ width: 720, height: 450 });
  await studio.open(page, '/runs');
  const name = page.getByRole('rowheader').first();
  await expect(name).toBeVisible();
  expect((await name.boundingBox())!.width).toBeGreaterThan(80);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(720);
  const duration = page.getByRole('columnheader', { name: 'Duration' });
  await duration.getByRole('button').focus();
  await expect(duration).toBeInViewport();
});

test('a rule of any name leaves its score in sight', async ({ page }) => {
  await studio.open(page, '/runs/long/samples');
  const card = page.getByRole('article', { name: 'Completion 2' });
  const score = card.getByRole('button', { name: rule }).getByText('1,234.50');
  await expect(score).toBeVisible();
  const [inner, outer] = [await score.boundingBox(), await card.boundingBox()];
  expect(inner!.x + inner!.width).toBeLessThanOrEqual(outer!.x + outer!.width);
});

test('a row has the same number here and on the page of its dataset, which counts from 1', async ({ page }) => {
  await studio.open(page, '/runs/long/samples');
  await expect(page.getByRole('region', { name: 'Open sample' })).toContainText('row 5');
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Dataset row').fill('5');
  await page.getByLabel('Dataset row').press('Tab');
  await expect(page).toHaveURL(/[?&]row=4(&|$)/);
  await expect(page.getByRole('status', { name: 'Found' })).toHaveText('20 groups');
});

test('what is written from right to left begins at the right', async ({ page }) => {
  await studio.open(page, '/runs/long/samples');
  const text = page.getByRole('article', { name: 'Completion 2' }).getByText(hebrew);
  const gaps = await text.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const [line, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
    return { left: line.left - box.left, right: box.right - line.right };
  });
  expect(gaps.right).toBeLessThan(gaps.left);
});
