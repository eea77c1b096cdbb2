import { describe, expect, test } from 'vitest';
import { formatDuration, formatMoment, formatShare, runDuration, shareChange, summarizeRuns } from './format.ts';

test('a share is a percentage with one decimal', () => {
  expect([0, 0.41234, 1].map(formatShare)).toEqual(['0.0%', '41.2%', '100.0%']);
});

describe('shareChange', () => {
  test('signs the change in percentage points', () => {
    expect(shareChange(0.412, 0.79)).toEqual({ text: '+37.8', direction: 'up' });
    expect(shareChange(0.5, 0.48)).toEqual({ text: '−2.0', direction: 'down' });
  });

  test('a change too small to show has no direction', () => {
    expect(shareChange(0.5, 0.5003)).toEqual({ text: '0.0', direction: 'none' });
    expect(shareChange(0.5, 0.4997)).toEqual({ text: '0.0', direction: 'none' });
  });
});

test('a duration is written in its two largest units', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  expect(formatDuration(999)).toBe('0 s');
  expect(formatDuration(48 * second)).toBe('48 s');
  expect(formatDuration(3 * minute + 5 * second)).toBe('3 min 05 s');
  expect(formatDuration(2 * hour + 7 * minute)).toBe('2 h 07 min');
  expect(formatDuration(76 * hour)).toBe('3 d 04 h');
  expect(formatDuration(-5)).toBe('0 s'); // a clock that was set back
});

describe('runDuration', () => {
  const startedAt = '2026-11-22T10:00:00.000Z';
  const now = Date.parse('2026-11-22T10:05:00.000Z');

  test('counts up to the end, or to now while the run goes on', () => {
    expect(runDuration({ status: 'completed', startedAt, endedAt: '2026-11-22T10:01:00.000Z' }, now)).toBe(60_000);
    expect(runDuration({ status: 'running', startedAt, endedAt: null }, now)).toBe(300_000);
  });

  test('is unknown before the start and when the end was never recorded', () => {
    expect(runDuration({ status: 'created', startedAt: null, endedAt: null }, now)).toBeNull();
    expect(runDuration({ status: 'interrupted', startedAt, endedAt: null }, now)).toBeNull();
  });
});

describe('formatMoment', () => {
  const now = Date.parse('2026-11-22T00:30:00Z');

  test('names today and yesterday by the calendar of the time zone', () => {
    expect(formatMoment('2026-11-22T00:10:00Z', now, 'UTC')).toBe('today 00:10');
    expect(formatMoment('2026-11-21T23:50:00Z', now, 'UTC')).toBe('yesterday 23:50');
    expect(formatMoment('2026-11-21T23:50:00Z', now, 'Europe/Berlin')).toBe('today 00:50');
  });

  test('shows the year only when it is another one', () => {
    expect(formatMoment('2026-11-03T09:12:00Z', now, 'UTC')).toBe('3 Nov 09:12');
    expect(formatMoment('2025-11-03T09:12:00Z', now, 'UTC')).toBe('3 Nov 2025 09:12');
  });
});

test('runs are counted, with those that go on', () => {
  expect(summarizeRuns([])).toBe('0 runs');
  expect(summarizeRuns([{ status: 'completed' }])).toBe('1 run');
  expect(summarizeRuns([{ status: 'running' }, { status: 'failed' }])).toBe('2 runs, 1 running');
  expect(summarizeRuns(Array.from({ length: 1200 }, () => ({ status: 'stopped' as const })))).toBe('1,200 runs');
});
