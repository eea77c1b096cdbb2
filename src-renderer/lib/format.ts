/** How numbers, times and states are written, the same everywhere. Pure: what is current is passed in. */
import type { RunType } from '../../src-main/contract/config.ts';
import type { FinishReason } from '../../src-main/contract/engine.ts';
import { isLive, type RunStatus, type RunSummary } from '../../src-main/contract/run.ts';

export const typeNames: Record<RunType, string> = { grpo: 'GRPO', sft: 'SFT', reward_model: 'Reward model' };

/** How a completion ended. */
export const finishNames: Record<FinishReason, string> = { eos: 'ended', stop: 'stop string', length: 'cut off' };

export const statusNames: Record<RunStatus, string> = {
  created: 'Created',
  running: 'Running',
  paused: 'Paused',
  completed: 'Completed',
  stopped: 'Stopped',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

/** By their number of decimals: making one takes far longer than using it. */
const decimalFormatters = new Map<number, Intl.NumberFormat>();

function formatDecimals(value: number, decimals: number): string {
  let formatter = decimalFormatters.get(decimals);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat('en', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: 'negative',
    });
    decimalFormatters.set(decimals, formatter);
  }
  return formatter.format(value).replace('-', '−');
}

/** `1234` → `1,234`. */
export function formatInteger(value: number): string {
  return formatDecimals(value, 0);
}

/** The number of a dataset's row, which the data counts from 0 and people count from 1. */
export function formatRow(row: number): string {
  return formatInteger(row + 1);
}

/** How many of what there are: `1 token`, `1,204 tokens`. */
export function formatCount(count: number, noun: string): string {
  return `${formatInteger(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A share in [0, 1] as a percentage with one decimal: `0.4121` → `41.2%`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

export interface Change {
  /** In percentage points, signed: `+37.8`, `−2.0` (a real minus sign), `0.0`. */
  text: string;
  direction: 'up' | 'down' | 'none';
}

/** The change between two shares in percentage points, as far as one decimal shows it. */
export function shareChange(before: number, after: number): Change {
  const points = (after - before) * 100;
  const size = Math.abs(points).toFixed(1);
  if (size === '0.0') return { text: '0.0', direction: 'none' };
  return points > 0 ? { text: `+${size}`, direction: 'up' } : { text: `−${size}`, direction: 'down' };
}

/** A length of time in milliseconds in its two largest units: `48 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  if (days === 0) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${days} d ${twoDigits(hours % 24)} h`;
}

/** Milliseconds from a run's start to its end, or to `now` while it goes on; null when either is unknown. */
export function runDuration(run: Pick<RunSummary, 'status' | 'startedAt' | 'endedAt'>, now: number): number | null {
  if (run.startedAt === null) return null;
  if (run.endedAt === null && !isLive(run.status)) return null;
  return (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.startedAt);
}

/** Formatters by what they were made of: making one takes far longer than using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatDate(locale: string, options: Intl.DateTimeFormatOptions, date: Date | number): string {
  const key = JSON.stringify([locale, options]);
  let formatter = formatters.get(key);
  if (formatter === undefined) formatters.set(key, (formatter = new Intl.DateTimeFormat(locale, options)));
  return formatter.format(date);
}

/**
 * A moment as people say it: `today 14:03`, `yesterday 09:12`, `3 Nov 09:12`, and with its year when that is another one.
 * @param iso ISO 8601
 * @param now milliseconds since 1970
 * @param timeZone IANA name; the computer's own when absent
 */
export function formatMoment(iso: string, now: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const date = new Date(iso);
  const calendarDay = (moment: Date | number) =>
    formatDate('en-CA', { ...zone, year: 'numeric', month: '2-digit', day: '2-digit' }, moment); // 2026-11-22
  const [today, thatDay] = [calendarDay(now), calendarDay(date)];
  const daysAgo = Math.round((Date.parse(today) - Date.parse(thatDay)) / 86_400_000);
  const time = formatDate('en-GB', { ...zone, hour: '2-digit', minute: '2-digit' }, date);
  if (daysAgo === 0) return `today ${time}`;
  if (daysAgo === 1) return `yesterday ${time}`;
  const year = today.slice(0, 4) === thatDay.slice(0, 4) ? {} : ({ year: 'numeric' } as const);
  return `${formatDate('en-GB', { ...zone, day: 'numeric', month: 'short', ...year }, date)} ${time}`;
}

/** How many runs there are and how many go on: `12 runs, 2 running`. */
export function summarizeRuns(runs: readonly Pick<RunSummary, 'status'>[]): string {
  const running = runs.filter((run) => run.status === 'running').length;
  const total = formatCount(runs.length, 'run');
  return running === 0 ? total : `${total}, ${formatInteger(running)} running`;
}

/** A number of any size in at most four digits, or to the nearest whole one: `0.6766`, `12,480`, `−1.7e−14` (real minus signs), `0`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1000
      ? formatInteger(Math.round(value))
      : size < 1e-3
        ? value.toExponential(1)
        : String(+value.toPrecision(4));
  return text.replaceAll('-', '−');
}

/** `512 kB`, `763.8 MB`, `1.4 GB`: powers of 1000, as disks and system monitors count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** Seconds as short as a chart's axis: `0.52 s`, `3.1 s`, `48 s`, `3 min 05 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds >= 60) return formatDuration(seconds * 1000);
  return `${seconds >= 10 ? Math.round(seconds) : +seconds.toPrecision(2)} s`;
}

/** A number with fixed decimals and a real minus sign, so that columns of them line up: `0.71`, `−0.33`, `1,234.50`; never `−0.00`. */
export function formatFixed(value: number, decimals = 2): string {
  return formatDecimals(value, decimals);
}

/** The same with a plus sign before what is above zero: `+0.71`. */
export function formatSigned(value: number, decimals = 2): string {
  const text = formatFixed(value, decimals);
  return Number(value.toFixed(decimals)) > 0 ? `+${text}` : text;
}

/** A large count in three digits at most, as models are named by their size: `3.3 M`, `135 M`, `1.5 B`; `960` as it is. */
export function formatSize(count: number): string {
  const units = ['', ' k', ' M', ' B', ' T'];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[power]}`;
}

/** A text of at most so many characters: of a longer one, its beginning and its end, which tell names apart. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = most - 1;
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
}
