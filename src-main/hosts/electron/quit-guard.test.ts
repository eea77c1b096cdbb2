import { expect, test, vi } from 'vitest';
import { guardQuit } from './quit-guard.ts';

function guarded(runs: string[], answer = 0) {
  let beforeQuit = (_event: { preventDefault: () => void }): void => undefined;
  const prevented = vi.fn();
  const app = {
    on: (_name: string, listener: typeof beforeQuit) => (beforeQuit = listener),
    quit: vi.fn(() => beforeQuit({ preventDefault: prevented })),
  };
  const dialog = {
    showMessageBox: vi.fn(async () => ({ response: answer, checkboxChecked: false })),
    showErrorBox: vi.fn(),
  };
  const keep = vi.fn();
  const studio = { liveRuns: () => runs, stopRuns: vi.fn(async () => undefined), close: vi.fn(async () => undefined) };
  guardQuit(app, dialog as never, studio, keep);
  return { ask: () => beforeQuit({ preventDefault: prevented }), prevented, app, dialog, studio, keep };
}

test('without a run the studio is closed, then the app ends', async () => {
  const { ask, prevented, app, dialog, studio } = guarded([]);
  ask();
  expect(prevented).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(app.quit).toHaveBeenCalledOnce(), 30_000);
  expect(studio.close).toHaveBeenCalledOnce();
  expect(prevented).toHaveBeenCalledOnce(); // not a second time: the app may end now
  expect(dialog.showMessageBox).not.toHaveBeenCalled();
});

test('a run that goes on may be kept, with a window to follow it in', async () => {
  const { ask, app, dialog, studio, keep } = guarded(['a'], 0);
  ask();
  ask(); // while the question is open
  await vi.waitFor(() => expect(dialog.showMessageBox).toHaveBeenCalledOnce(), 30_000);
  await vi.waitFor(() => expect(keep).toHaveBeenCalledOnce(), 30_000);
  expect(studio.close).not.toHaveBeenCalled();
  expect(app.quit).not.toHaveBeenCalled();
  await vi.waitFor(() => {
    ask();
    expect(dialog.showMessageBox).toHaveBeenCalledTimes(2);
  }, 30_000);
});

test.each([
  [1, 1],
  [2, 0],
])('answer %i saves the runs %i times and ends the app', async (answer, saved) => {
  const { ask, app, studio } = guarded(['a', 'b'], answer);
  ask();
  await vi.waitFor(() => expect(app.quit).toHaveBeenCalledOnce(), 30_000);
  expect(studio.stopRuns).toHaveBeenCalledTimes(saved);
  expect(studio.close).toHaveBeenCalledOnce();
});

test.each(['stopRuns', 'close'] as const)('a %s that fails is told, and the app ends all the same', async (part) => {
  const { ask, app, dialog, studio } = guarded(['a'], 1);
  studio[part].mockRejectedValueOnce(new Error('The disk is full.'));
  ask();
  await vi.waitFor(() => expect(app.quit).toHaveBeenCalledOnce(), 30_000);
  expect(dialog.showErrorBox.mock.calls[0][1]).toContain('The disk is full.');
});
