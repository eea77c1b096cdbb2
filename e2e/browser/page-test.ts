/**
 * What tests of the page begin with: a Chromium, a window of the usual size, a studio where they want one, and patience, since the engine
 * and the page share the processor.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect as impatient, test as base } from 'playwright/test';
import { chromiumMissing, chromiumOptions } from './chromium.ts';
import { startRealStudio, type RealStudio } from './real-studio.ts';

const skipWithoutChromium = () => base.skip(chromiumMissing !== null, chromiumMissing ?? '');

export const test = base.extend<{ chromiumNeeded: null }>({
  launchOptions: [chromiumOptions, { scope: 'worker' }],
  viewport: { width: 1440, height: 900 },
  chromiumNeeded: [
    async ({}, use) => {
      skipWithoutChromium();
      await use(null);
    },
    { auto: true },
  ],
});

export const expect = impatient.configure({ timeout: 30_000 });

interface StudioOfTests {
  /** Writes into the data folder, or beside it, before the studio starts. */
  fill?: (folder: string) => void | Promise<void>;
  /** A new one for each test; else the tests of the file share one. */
  each?: boolean;
}

/** Gives the tests of a file a studio with a data folder of its own, gone after them. Its members are there once a test runs. */
export function useRealStudio({ fill, each = false }: StudioOfTests = {}): RealStudio {
  let current: Awaited<ReturnType<typeof startRealStudio>>;

  async function start() {
    skipWithoutChromium();
    const folder = mkdtempSync(join(tmpdir(), 'grpo-studio-e2e-'));
    await fill?.(folder);
    current = await startRealStudio(folder);
  }

  async function end() {
    await current.close();
    rmSync(current.dataDirectory, { recursive: true, force: true });
  }

  if (each) {
    test.beforeEach(start);
    test.afterEach(end);
  } else {
    test.beforeAll(async () => {
      test.setTimeout(180_000);
      await start();
    });
    test.afterAll(end);
  }
  return {
    get dataDirectory() {
      return current.dataDirectory;
    },
    get origin() {
      return current.origin;
    },
    open: (page, place) => current.open(page, place),
  };
}
