/** Takes a picture of every screen in both themes, of a studio that real runs have filled, into docs/screenshots. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, expect, type Page } from 'playwright/test';
import { chromiumMissing, chromiumOptions } from '../browser/chromium.ts';
import { startRealStudio } from '../browser/real-studio.ts';
import { pageDirectory } from '../browser/studio-page.ts';
import { fillStudio } from './fill-studio.ts';
import { emptyScreens, screensOf, type Screen } from './screens.ts';

const usage = `Usage: npm run -s screenshots -- [--only NAME,…] [--steps NUMBER] [--data-dir DIR] [--out DIR]
  --only      takes these screens alone: runs,samples-tokens
  --steps     steps of each of the three runs that are trained first; 40 by default
  --data-dir  keeps the studio's data here, and shows the runs that are there already
  --out       folder for the pictures; docs/screenshots by default`;

const full = { width: 1440, height: 900 };
const small = { width: 1024, height: 700 };
const themes = ['light', 'dark'] as const;

interface Options {
  only: string[] | null;
  steps: number;
  dataDirectory: string | null;
  out: string;
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      steps: { type: 'string', default: '40' },
      'data-dir': { type: 'string' },
      out: { type: 'string', default: join(import.meta.dirname, '../../docs/screenshots') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const given = values['data-dir'];
  return {
    only: values.only?.split(',') ?? null,
    steps: Number(values.steps),
    dataDirectory: given === undefined ? null : resolve(given),
    out: resolve(values.out),
  };
}

/** @returns what the pages complained of */
async function picture(folder: string, screens: Screen[], out: string): Promise<string[]> {
  const studio = await startRealStudio(folder);
  const browser = await chromium.launch(chromiumOptions);
  try {
    const complaints: string[] = [];
    const context = await browser.newContext({ viewport: full, reducedMotion: 'reduce' });
    const first = await context.newPage();
    await studio.open(first);
    for (const screen of screens) {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(`${screen.name}: ${error.message}`));
      await page.goto(`${studio.origin}/#${screen.place}`);
      await settled(page);
      await screen.prepare?.(page);
      for (const size of screen.small === true ? [full, small] : [full]) {
        await page.setViewportSize(size);
        for (const colorScheme of themes) {
          await page.emulateMedia({ colorScheme });
          await settled(page);
          const name = `${screen.name}${size === small ? '-small' : ''}-${colorScheme}.png`;
          await page.screenshot({ path: join(out, name) });
        }
      }
      console.log(screen.name);
      await page.close();
    }
    return complaints;
  } finally {
    await browser.close();
    await studio.close();
  }
}

/** Nothing is being read any more, and charts are drawn: a frame after their data. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1, h2').first().waitFor();
  await page.waitForTimeout(150);
  await expect(page.locator('[data-waiting]')).toHaveCount(0, { timeout: 30_000 });
  await page.waitForTimeout(200);
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    console.log(usage);
    return 0;
  }
  if (chromiumMissing !== null) throw new Error(chromiumMissing);
  if (!existsSync(join(pageDirectory, 'index.html'))) {
    throw new Error('The page is not built: run `npm run build` first.');
  }
  const { only, out } = options;
  const wanted = (screens: Screen[]) => screens.filter(({ name }) => only === null || only.includes(name));
  const temporary = mkdtempSync(join(tmpdir(), 'grpo-studio-screenshots-'));
  try {
    mkdirSync(out, { recursive: true });
    const complaints = await picture(join(temporary, 'empty'), wanted(emptyScreens), out);
    const folder = options.dataDirectory ?? join(temporary, 'studio');
    mkdirSync(folder, { recursive: true });
    const filled = await fillStudio(folder, options.steps, (line) => console.log(line));
    complaints.push(...(await picture(folder, wanted(screensOf(filled)), out)));
    for (const complaint of complaints) console.error(complaint);
    return complaints.length === 0 ? 0 : 1;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
