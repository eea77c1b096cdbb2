import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunSummary } from '../../src-main/contract/run.ts';
import { CallError, type Transport } from '../transport/transport.ts';
import { RunList } from './run-list.svelte.ts';

const run = { id: 'a', name: 'first' } as RunSummary;

/** A studio whose answers the test puts in, in order; the last one stays. */
function studioAnswering(...answers: (() => Promise<RunSummary[]>)[]) {
  const call = vi.fn(() => (answers.length > 1 ? answers.shift()! : answers[0]!)());
  return { call, transport: { call } as unknown as Transport };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('reads at once and again on its own', async () => {
  const { transport } = studioAnswering(
    async () => [],
    async () => [run],
  );
  const list = new RunList(transport);
  expect(list.runs).toBeNull();
  const stop = list.watch(() => true);
  await vi.advanceTimersByTimeAsync(0);
  expect(list.runs).toEqual([]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(list.runs).toEqual([run]);
  stop();
});

test('a failed refresh keeps the last list, tells why, and is gone after the next good one', async () => {
  const failing = async (): Promise<RunSummary[]> => {
    throw new CallError({ code: 'store_failed', message: 'The database is locked.', path: '/data/studio.sqlite' });
  };
  const { transport } = studioAnswering(
    async () => [run],
    failing,
    async () => [run],
  );
  const list = new RunList(transport);
  await list.refresh();
  await list.refresh();
  expect(list.runs).toEqual([run]);
  expect(list.failure).toEqual({
    message: 'The database is locked.',
    path: '/data/studio.sqlite',
    field: null,
    lost: false,
  });
  await list.refresh();
  expect(list.failure).toBeNull();
});

test('never asks while an answer is due, while the page is hidden, or after it was stopped', async () => {
  let answer = (_runs: RunSummary[]): void => undefined;
  const { call, transport } = studioAnswering(() => new Promise((resolve) => (answer = resolve)));
  const list = new RunList(transport);
  let visible = true;
  const stop = list.watch(() => visible);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(call).toHaveBeenCalledTimes(1);
  answer([]);
  visible = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(call).toHaveBeenCalledTimes(1);
  visible = true;
  await vi.advanceTimersByTimeAsync(2000);
  expect(call).toHaveBeenCalledTimes(2);
  answer([]);
  stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(call).toHaveBeenCalledTimes(2);
});
