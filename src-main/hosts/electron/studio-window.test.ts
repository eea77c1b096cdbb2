import { expect, test, vi } from 'vitest';
import { recoverPage, reveal, studioWindowOptions } from './studio-window.ts';

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

test.each([
  ['crashed', false, 1],
  ['oom', false, 1],
  ['clean-exit', false, 0],
  ['crashed', true, 0],
])('a page that is gone (%s, window destroyed: %s) is loaded again %i times', (reason, destroyed, times) => {
  const on = vi.fn();
  const window = { isDestroyed: () => destroyed, reload: vi.fn() };
  recoverPage({ on }, window);
  const gone = on.mock.calls[0][1] as (event: unknown, details: { reason: string }) => void;
  gone({}, { reason });
  expect(window.reload).toHaveBeenCalledTimes(times);
});
