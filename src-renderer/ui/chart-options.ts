/** How uPlot draws the lines of a chart. */
import uPlot from 'uplot';
import type { Columns, Line } from '../lib/chart-lines.ts';

interface ChartLook {
  width: number;
  height: number;
  xLabel: string;
  /** Charts of one name share their cursor. */
  group: string;
  format: (value: number) => string;
  formatX: (x: number) => string;
  /** A canvas knows no custom properties: gives the colour that one stands for now. */
  colorOf: (css: string) => string;
  isDimmed: (line: Line) => boolean;
}

/** Ticks of an axis of whole numbers: no step 2.5. */
const wholeIncrements = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((unit) => unit * 10 ** power)).flat();

export function alphaOf(line: Line, dimmed: boolean): number {
  return (line.faint ? 0.3 : 1) * (dimmed ? 0.15 : 1);
}

/** Pixels of the vertical axis: those that small numbers have in every chart, and more where its numbers are long. */
function axisSize(_plot: uPlot, values: string[] | null): number {
  const longest = Math.max(0, ...(values ?? []).map((text) => text.length));
  return Math.max(58, 16 + 7 * longest);
}

/** A line that stays at one value gets room around it: zero stays at the bottom, anything else in the middle. */
function rangeOf(_plot: uPlot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (low !== high) return uPlot.rangeNum(low, high, 0.1, true) as [number, number];
  return low === 0 ? [0, 1] : low > 0 ? [0, 2 * low] : [2 * low, 0];
}

/** Everything but what happens when it is pointed at. */
export function chartOptions(lines: readonly Line[], { x }: Columns, look: ChartLook): uPlot.Options {
  const { width, height, xLabel, group, format, formatX, colorOf, isDimmed } = look;
  const axis = {
    stroke: colorOf('var(--muted)'),
    grid: { stroke: colorOf('var(--line)'), width: 1 },
    ticks: { show: false },
  };
  const series: uPlot.Series[] = [{ label: xLabel }];
  const bands: uPlot.Band[] = [];
  for (const line of lines) {
    const stroke = colorOf(line.color);
    series.push({
      label: line.label,
      stroke,
      width: line.faint ? 1 : 1.75,
      alpha: alphaOf(line, isDimmed(line)),
      ...(line.dash === undefined ? {} : { dash: line.dash }),
      spanGaps: true,
      points: { show: line.x.length === 1 },
    });
    if (line.band === undefined) continue;
    const edge: uPlot.Series = { stroke: 'transparent', width: 0, spanGaps: true, points: { show: false } };
    series.push(edge, edge);
    bands.push({
      series: [series.length - 1, series.length - 2],
      fill: () => `color-mix(in srgb, ${stroke} ${isDimmed(line) ? 4 : 18}%, transparent)`,
    });
  }
  const increments = x.every(Number.isInteger) ? { incrs: wholeIncrements } : {};
  return {
    width: Math.max(120, width),
    height,
    series,
    bands,
    legend: { show: false },
    scales: { x: { time: false }, y: { range: rangeOf } },
    axes: [
      { ...axis, ...increments, size: 28, values: (_plot, xs) => xs.map(formatX) },
      { ...axis, size: axisSize, values: (_plot, values) => values.map((value) => format(value)) },
    ],
    cursor: { sync: { key: group }, drag: { x: true, y: false }, points: { size: 7 } },
  };
}
