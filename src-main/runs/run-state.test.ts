import { describe, expect, test } from 'vitest';
import { runStatuses } from '../contract/run.ts';
import { nextStatus, type RunAction } from './run-state.ts';

const id = '20261122-1748-7f3a';

/** Every possible step of a run's life; all others are refused. */
const possible: [RunAction, string, string][] = [
  ['start', 'created', 'running'],
  ['pause', 'running', 'paused'],
  ['unpause', 'paused', 'running'],
  ['complete', 'running', 'completed'],
  ['stop', 'running', 'stopped'],
  ['stop', 'paused', 'stopped'],
  ['checkpoint', 'running', 'running'],
  ['checkpoint', 'paused', 'paused'],
  ['fail', 'running', 'failed'],
  ['fail', 'paused', 'failed'],
  ['interrupt', 'running', 'interrupted'],
  ['interrupt', 'paused', 'interrupted'],
  ['resume', 'stopped', 'running'],
  ['resume', 'failed', 'running'],
  ['resume', 'interrupted', 'running'],
];

describe('nextStatus', () => {
  const actions = [...new Set(possible.map(([action]) => action))];
  test.each(actions.flatMap((action) => runStatuses.map((status) => [action, status] as const)))(
    '%s when %s',
    (action, status) => {
      const target = possible.find(([candidate, from]) => candidate === action && from === status)?.[2];
      if (target !== undefined) return expect(nextStatus({ id, status }, action)).toBe(target);
      expect(() => nextStatus({ id, status }, action)).toThrow(expect.objectContaining({ code: 'run_state' }));
    },
  );

  test('says what is possible instead', () => {
    expect(() => nextStatus({ id, status: 'failed' }, 'start')).toThrow(
      'Run 20261122-1748-7f3a cannot be started: it has failed; it can be resumed from its last checkpoint.',
    );
    expect(() => nextStatus({ id, status: 'created' }, 'pause')).toThrow(
      'cannot be paused: it has not been started; start it first.',
    );
  });
});
