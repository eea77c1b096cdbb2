import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { _electron, expect, test } from 'playwright/test';

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

test.skip(
  executablePath === null,
  "Electron's binary is not installed (npx install-electron): the desktop app is not tested.",
);
test.skip(
  process.platform === 'linux' && !process.env['DISPLAY'],
  'There is no display: the desktop app is not tested.',
);

test('opens one sandboxed window with the empty list of a new database', async () => {
  const home = mkdtempSync(join(tmpdir(), 'grpo-studio-electron-'));
  const app = await _electron.launch({
    executablePath: executablePath!,
    args: [root, ...(process.platform === 'linux' ? ['--no-sandbox'] : [])],
    env: { ...(process.env as Record<string, string>), GRPO_STUDIO_HOME: home },
  });
  try {
    const page = await app.firstWindow();
    await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
    expect(page.url()).toBe('studio://app/');
    expect(await page.evaluate('typeof require + typeof process')).toBe('undefinedundefined');
    expect(existsSync(join(home, 'studio.sqlite'))).toBe(true);
  } finally {
    await app.close();
    rmSync(home, { recursive: true });
  }
});
