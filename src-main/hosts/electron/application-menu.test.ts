import { expect, test, vi } from 'vitest';
import { applicationMenu } from './application-menu.ts';

test('the menu goes to every part of the studio', () => {
  const go = vi.fn();
  const menu = applicationMenu('linux', false, go);
  const items = menu.find(({ label }) => label === 'Go')?.submenu as { label: string; click: () => void }[];
  for (const { click } of items) click();
  expect(go.mock.calls.flat()).toEqual([
    '#/runs',
    '#/compare',
    '#/models',
    '#/datasets',
    '#/rewards',
    '#/playground',
    '#/settings',
  ]);
});

test('only macOS has the menu of the application itself, only development the tools', () => {
  expect(applicationMenu('darwin', false, vi.fn())[0]).toEqual({ role: 'appMenu' });
  expect(JSON.stringify(applicationMenu('linux', false, vi.fn()))).not.toMatch(/appMenu|toggleDevTools/);
  expect(JSON.stringify(applicationMenu('linux', true, vi.fn()))).toContain('toggleDevTools');
});
