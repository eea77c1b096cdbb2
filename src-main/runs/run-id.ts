/** Ids and names of runs: short, readable, and in the order of creation when sorted. */
import { randomBytes } from 'node:crypto';
import type { RunType } from '../contract/config.ts';

/** `20261122-1748-7f3a`: UTC date and time to the minute, then four random hexadecimal digits. */
export function makeRunId(time: Date, suffix: string = randomBytes(2).toString('hex')): string {
  return `${minuteOf(time)}-${suffix}`;
}

/** `grpo-20261122-1748`: what a run is called when its configuration does not say. */
export function defaultRunName(type: RunType, time: Date): string {
  return `${type}-${minuteOf(time)}`;
}

function minuteOf(time: Date): string {
  const iso = time.toISOString(); // 2026-11-22T17:48:31.000Z
  return `${iso.slice(0, 10).replaceAll('-', '')}-${iso.slice(11, 16).replace(':', '')}`;
}
