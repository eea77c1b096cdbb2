/** Comparisons as texts to copy and files to keep: Markdown, aligned text, CSV. Pure. */
import type { MetricCurve, SettingComparison } from '../../src-main/contract/api/compare.ts';

/** Rows of a table under its heads; a missing cell is a dash. */
export function toMarkdownTable(heads: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const cell = (text: string | null) => (text ?? '–').replaceAll('|', '\\|').replaceAll('\n', ' ');
  const line = (cells: readonly (string | null)[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Columns aligned by spaces, two between them. */
export function toTextTable(heads: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const lines = [heads, ...rows].map((cells) => cells.map((cell) => (cell ?? '–').replaceAll('\n', ' ')));
  const widths = heads.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param labels of the runs, in the order of the values */
export function settingRows(settings: readonly SettingComparison[], labels: readonly string[]) {
  return {
    heads: ['setting', ...labels],
    rows: settings.map(({ section, field, values }) => [section === 'rewards' ? `reward ${field}` : field, ...values]),
  };
}

/** Those whose field or values hold every word of the search. */
export function searchSettings(settings: readonly SettingComparison[], search: string): SettingComparison[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter(({ field, values }) => {
    const text = [field, ...values].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A line for each point: run, metric, step, x and value, as they were recorded. */
export function curvesToCsv(
  curves: readonly { run: string; label: string; metric: string; curve: MetricCurve }[],
  axis: string,
): string {
  const lines = curves.flatMap(({ run, label, metric, curve }) =>
    curve.steps.map((step, i) => [run, label, metric, step, ...(axis === 'step' ? [] : [curve.x[i]]), curve.y[i]]),
  );
  const heads = ['run', 'name', 'metric', 'step', ...(axis === 'step' ? [] : [axis]), 'value'];
  return [heads, ...lines].map((cells) => cells.map(csvCell).join(',')).join('\r\n') + '\r\n';
}

/** RFC 4180. A text that a spreadsheet would take for a formula begins with an apostrophe. */
function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
