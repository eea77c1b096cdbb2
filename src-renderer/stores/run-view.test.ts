import { expect, test, vi } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { RunView } from './run-view.svelte.ts';

test('what changes while the run is read is read again', async () => {
  let name = 'before';
  const asked = Promise.withResolvers<unknown[]>();
  const answers: Record<string, () => unknown> = {
    'read-run': () => ({ id: 'a', name }),
    'list-metric-names': () => asked.promise,
  };
  const call = vi.fn(async (endpoint: string) => (answers[endpoint] ?? (() => []))());
  const view = new RunView({ call } as unknown as Transport, 'a');
  const first = view.refresh();
  await vi.waitFor(() => expect(view.run?.name).toBe('before'), 30_000);
  name = 'after';
  const [second, third] = [view.refresh(), view.refresh()];
  asked.resolve([]);
  await Promise.all([first, second, third]);
  expect(view.run?.name).toBe('after');
  expect(call.mock.calls.filter(([endpoint]) => endpoint === 'read-run')).toHaveLength(2);
});
