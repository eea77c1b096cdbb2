/** End-to-end tests: the built renderer in Chromium, the built engine, and the desktop app where Electron's binary is installed. */
import { defineConfig } from 'playwright/test';

/** Where the results go for a program that counts them. */
const jsonFile = process.env['E2E_JSON'];

export default defineConfig({
  testDir: '.',
  outputDir: '../out/test-results',
  workers: 1,
  reporter: [
    ['list'],
    ['./skip-reporter.ts'],
    ...(jsonFile === undefined ? [] : [['json', { outputFile: jsonFile }] as const]),
  ],
  projects: [
    { name: 'browser', testDir: 'browser' },
    { name: 'built', testDir: 'built' },
    { name: 'electron', testDir: 'electron' },
  ],
});
