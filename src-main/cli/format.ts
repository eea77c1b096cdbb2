/** How the command line writes numbers, times, sizes, tables and model text, so that they look the same everywhere. */
import { stripVTControlCharacters } from 'node:util';

const MISSING = '–';

/** A metric in about four significant digits: `0.612`, `12.35`, `1843`, `3.1e-4`; `–` when there is none. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return MISSING;
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  if (size >= 10) return value.toFixed(2);
  if (size >= 0.01) return value.toFixed(3);
  if (size >= 0.001) return value.toFixed(4);
  return value.toExponential(1);
}

/** A share as a percentage with one decimal: `43.8%`. */
export function formatPercent(share: number | null | undefined): string {
  return share === null || share === undefined ? MISSING : `${(share * 100).toFixed(1)}%`;
}

/** A whole number with thousands separators: `1,052,672`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** A length of time: `0:07`, `12:05`, `1:02:03`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return MISSING;
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A size in powers of 1024: `812 B`, `4.2 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A moment in the local time zone to the minute: `2026-11-22 17:50`. */
export function formatTime(iso: string | null): string {
  if (iso === null) return MISSING;
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** `1 step`, `2 steps`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Columns a text takes on a terminal: its characters without colour codes. */
export function displayWidth(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/** Cuts a text without colour codes to `width` columns, the last one `…` when something is lost. */
export function truncate(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Model text made harmless for a terminal: control characters other than a newline and a tab are shown as `\xNN`. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Model text on one line: newlines are shown as `⏎`. */
export function oneLine(text: string): string {
  return printable(text.replaceAll('\r\n', '\n')).replaceAll('\n', '⏎').replaceAll('\t', ' ');
}

/** Every line of a text moved to the right; empty ones stay empty. */
export function indent(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(columns));
}

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** Rows under a title line, columns two spaces apart, no trailing spaces. */
export function formatTable(columns: Column[], rows: string[][]): string {
  const lines = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => displayWidth(line[index] ?? ''))));
  return lines
    .map((line) =>
      columns
        .map((column, index) => {
          const cell = line[index] ?? '';
          const space = ' '.repeat(widths[index] - displayWidth(cell));
          return column.align === 'right' ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
