import { expect, test, vi } from 'vitest';
import { onInterrupt } from './interrupts.ts';

test.each([
  [['SIGINT', 'SIGINT'], 1],
  [['SIGTERM', 'SIGINT', 'SIGTERM'], 2],
  [['SIGHUP', 'SIGHUP', 'SIGHUP'], 0], // a terminal that is closed may say so several times
  [['SIGHUP', 'SIGTERM'], 1],
] as const)('%j ends in order first, and at once %i times', (signals, times) => {
  const handlers = { first: vi.fn(), again: vi.fn() };
  const ignore = onInterrupt(handlers);
  for (const signal of signals) process.emit(signal, signal);
  ignore();
  expect(handlers.first).toHaveBeenCalledOnce();
  expect(handlers.again).toHaveBeenCalledTimes(times);
});
