import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStore } from '../../src-main/store/open.ts';
import { _electron, expect, test as base, type ElectronApplication, type Page } from 'playwright/test';

const root = join(import.meta.dirname, '../..');

/** Electron's executable, or null when only its types are installed; requiring the package would try to download it. */
function electronExecutable(): string | null {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const executable = join(
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'),
    readFileSync(pathFile, 'utf8'),
  );
  return existsSync(executable) ? executable : null;
}

const executablePath = electronExecutable();

/** Launches the built app on a data folder of its own. */
const test = base.extend<{ studio: { app: ElectronApplication; page: Page; home: string } }>({
  studio: async ({}, use) => {
    const home = mkdtempSync(join(tmpdir(), 'grpo-studio-electron-'));
    const app = await _electron.launch({
      executablePath: executablePath!,
      args: [root, ...(process.platform === 'linux' ? ['--no-sandbox'] : [])],
      env: { ...(process.env as Record<string, string>), GRPO_STUDIO_HOME: home },
    });
    await use({ app, page: await app.firstWindow(), home });
    await app.close().catch(() => undefined); // it may have ended itself
    rmSync(home, { recursive: true, force: true });
  },
});

test.skip(
  executablePath === null,
  "Electron's binary is not installed (npx install-electron): the desktop app is not tested.",
);
test.skip(
  process.platform === 'linux' && !process.env['DISPLAY'],
  'There is no display: the desktop app is not tested.',
);

test('opens one sandboxed window with the empty list of a new database', async ({ studio: { page, home } }) => {
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  expect(page.url()).toMatch(/^studio:\/\/app\//);
  expect(await page.evaluate('typeof require + typeof process')).toBe('undefinedundefined');
  expect(existsSync(join(home, 'studio.sqlite'))).toBe(true);
});

test('the folder dialog answers the page', async ({ studio: { app, page } }) => {
  await app.evaluate(({ dialog }) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: ['/models/smollm2'] });
  });
  expect(await page.evaluate('window.studioHost.chooseFolder()')).toBe('/models/smollm2');
});

test('a page that has crashed comes back', async ({ studio: { app, page } }) => {
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].webContents.forcefullyCrashRenderer());
  await expect
    .poll(() =>
      app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0].webContents.executeJavaScript('document.querySelector("h1")?.textContent'),
      ),
    )
    .toBe('Runs');
});

test('quitting in mid-run asks, and saves the run', async ({ studio: { app, page, home } }) => {
  await app.evaluate(({ dialog }) => {
    dialog.showMessageBox = async () => ({ response: 1, checkboxChecked: false }); // Stop and save
  });
  await page.getByRole('button', { name: 'Start the demo run' }).click();
  await expect(page.getByText('Running').first()).toBeVisible();
  const closed = app.waitForEvent('close');
  await app.evaluate(({ app }) => app.quit());
  await closed;
  const store = openStore(join(home, 'studio.sqlite'));
  expect(store.reader.listRuns()).toMatchObject([{ status: 'stopped' }]);
  store.close();
});
