/** A Chromium for the browser tests: the system's, started so that it asks nothing of the network. */
import { existsSync } from 'node:fs';
import type { LaunchOptions } from 'playwright/test';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export const chromiumMissing = existsSync(executablePath)
  ? null
  : `No Chromium at ${executablePath}: install the package chromium, or set CHROMIUM_PATH.`;

export const chromiumOptions: LaunchOptions = {
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
