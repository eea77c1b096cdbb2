import { expect, test, vi } from 'vitest';
import type { StudioApi } from '../../contract/api.ts';
import { StudioError } from '../../contract/errors.ts';
import type { RunSummary } from '../../contract/run.ts';
import { answerCalls } from './answer-calls.ts';

const studioFrame = { url: 'studio://app/', parent: null };

/** Registers a studio with `listRuns` and gives back a way to call it as a page would. */
function calling(listRuns: StudioApi['list-runs']) {
  const handle = vi.fn();
  answerCalls({ handle }, { 'list-runs': listRuns }, 'studio://app');
  expect(handle.mock.calls[0]![0]).toBe('studio:call');
  const answer = handle.mock.calls[0]![1] as (event: unknown, endpoint: unknown, input: unknown) => Promise<unknown>;
  return (endpoint: unknown, input: unknown, senderFrame: unknown = studioFrame) =>
    answer({ senderFrame }, endpoint, input);
}

test('a call is answered with its value', async () => {
  const runs = [{ id: 'a' } as RunSummary];
  await expect(calling(() => runs)('list-runs', null)).resolves.toEqual({ ok: true, value: runs });
  await expect(calling(async () => runs)('list-runs', null)).resolves.toEqual({ ok: true, value: runs });
});

test('an error of the studio is answered as its record', async () => {
  const failing = calling(() => {
    throw new StudioError('store_failed', 'The database is locked.', { path: '/data/studio.sqlite' });
  });
  await expect(failing('list-runs', null)).resolves.toEqual({
    ok: false,
    error: { code: 'store_failed', message: 'The database is locked.', path: '/data/studio.sqlite' },
  });
});

test.each([
  ['another origin', { url: 'https://example.com/', parent: null }],
  ['a host that only begins alike', { url: 'studio://app.example/', parent: null }],
  ['a frame inside the page', { url: 'studio://app/', parent: studioFrame }],
  ['a frame that is gone', null],
])('%s may not call', async (_who, frame) => {
  const listRuns = vi.fn(() => []);
  await expect(calling(listRuns)('list-runs', null, frame)).rejects.toThrow('may not call');
  expect(listRuns).not.toHaveBeenCalled();
});

test('unknown endpoints and malformed inputs are rejected', async () => {
  const call = calling(() => []);
  await expect(call('toString', null)).rejects.toThrow('no endpoint "toString"');
  await expect(call(7, null)).rejects.toThrow('no endpoint 7');
  await expect(call('list-runs', { all: true })).rejects.toThrow();
});
