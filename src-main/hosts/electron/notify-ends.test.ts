import { expect, test, vi } from 'vitest';
import type { RunActivity } from '../../contract/api/runs.ts';
import { notifyOfEnd } from './notify-ends.ts';

const completed: RunActivity = { run: 'a', event: { type: 'finished', step: 120, reason: 'completed' } };

function notifier(focused: boolean) {
  const listeners = new Map<string, () => void>();
  const show = vi.fn();
  const create = vi.fn(() => ({ show, on: (name: string, listener: () => void) => listeners.set(name, listener) }));
  const click = () => listeners.get('click')?.();
  return { isFocused: () => focused, nameOf: () => 'demo', create, open: vi.fn(), show, click };
}

test.each([
  [completed, 'demo is done', '120 steps'],
  [{ run: 'a', event: { type: 'finished', step: 1, reason: 'stopped' } }, 'demo has stopped', '1 step and'],
  [
    { run: 'a', event: { type: 'failed', step: 3, error: { code: 'training_diverged', message: 'Not a number.' } } },
    'demo failed',
    'Not a number.',
  ],
] as [RunActivity, string, string][])('an end is told: %j', (activity, title, body) => {
  const parts = notifier(false);
  notifyOfEnd(activity, parts);
  expect(parts.create).toHaveBeenCalledExactlyOnceWith({ title, body: expect.stringContaining(body) });
  expect(parts.show).toHaveBeenCalledOnce();
  parts.click();
  expect(parts.open).toHaveBeenCalledWith('a');
});

test('nothing is told to a person who looks, nor of what is no end', () => {
  const looking = notifier(true);
  notifyOfEnd(completed, looking);
  const away = notifier(false);
  notifyOfEnd({ run: 'a', event: { type: 'checkpoint', step: 3, path: '/x' } }, away);
  expect(looking.create).not.toHaveBeenCalled();
  expect(away.create).not.toHaveBeenCalled();
});
