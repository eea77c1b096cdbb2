import { expect, test, vi } from 'vitest';
import { reveal, studioWindowOptions } from './studio-window.ts';

test('the page is sandboxed, isolated and without Node', () => {
  expect(studioWindowOptions('/app/out/preload/index.cjs').webPreferences).toMatchObject({
    preload: '/app/out/preload/index.cjs',
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
  });
});

test.each([true, false])('a window comes to the front (minimized: %s)', (minimized) => {
  const window = { isMinimized: () => minimized, restore: vi.fn(), show: vi.fn(), focus: vi.fn() };
  reveal(window);
  expect(window.restore).toHaveBeenCalledTimes(minimized ? 1 : 0);
  expect(window.show).toHaveBeenCalledOnce();
  expect(window.focus).toHaveBeenCalledOnce();
});
