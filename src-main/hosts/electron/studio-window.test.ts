import { EventEmitter } from 'node:events';
import type { WebContents } from 'electron';
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

function recoverable(destroyed = false) {
  const contents = new EventEmitter();
  const window = { isDestroyed: () => destroyed, reload: vi.fn(), show: vi.fn() };
  const dialog = { showErrorBox: vi.fn() };
  recoverPage(contents as unknown as WebContents, window, dialog);
  return { die: (reason: string) => contents.emit('render-process-gone', {}, { reason }), contents, window, dialog };
}

test.each([
  ['crashed', false, 1],
  ['oom', false, 1],
  ['clean-exit', false, 0],
  ['crashed', true, 0],
])('a page that is gone (%s, window destroyed: %s) is loaded again %i times', (reason, destroyed, times) => {
  const { die, contents, window, dialog } = recoverable(destroyed);
  contents.emit('did-finish-load');
  die(reason);
  expect(window.reload).toHaveBeenCalledTimes(times);
  expect(dialog.showErrorBox).not.toHaveBeenCalled();
});

test('a page that dies while it loads is not loaded for ever, and that is told once', () => {
  const { die, contents, window, dialog } = recoverable();
  contents.emit('did-finish-load');
  for (let i = 0; i < 3; i++) die('crashed');
  expect(window.reload).toHaveBeenCalledOnce();
  expect(window.show).toHaveBeenCalledOnce();
  expect(dialog.showErrorBox).toHaveBeenCalledOnce();
  expect(dialog.showErrorBox.mock.calls[0][1]).toContain('(crashed)');
});
