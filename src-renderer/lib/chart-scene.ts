/** A chart as shapes of its own, so that it is the same as a vector file and as a picture. Pure. */
import type { Line } from './chart-lines.ts';

type Point = readonly [x: number, y: number];

type Shape =
  | { kind: 'line'; points: Point[]; color: string; width: number; alpha: number; dash: readonly number[] }
  | { kind: 'area'; points: Point[]; color: string; alpha: number }
  | {
      kind: 'text';
      at: Point;
      text: string;
      color: string;
      size: number;
      bold: boolean;
      align: 'start' | 'middle' | 'end';
    };

export interface Scene {
  width: number;
  height: number;
  ground: string;
  shapes: Shape[];
}

interface SceneOptions {
  title: string;
  /** How the values were made: smoothing, what a band shows. Empty when there is nothing to say. */
  note: string;
  xLabel: string;
  formatX: (x: number) => string;
  format: (value: number) => string;
  colors: { ground: string; ink: string; muted: string; line: string };
  /** Gives what a line's CSS colour is in the theme of now. */
  resolve: (color: string) => string;
}

const WIDTH = 960;
const PLOT_HEIGHT = 400;
const LEGEND_ROW = 20;
const margin = { top: 44, right: 20, bottom: 44, left: 72 };

export const sceneFont = 'Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif';

/** @param lines with values; those without any are left out */
export function chartScene(lines: readonly Line[], options: SceneOptions): Scene {
  const { title, note, xLabel, colors, resolve, format, formatX } = options;
  const legend = lines.filter(({ faint }) => !faint);
  const height = margin.top + PLOT_HEIGHT + margin.bottom + LEGEND_ROW * legend.length + 12;
  const xs = lines.flatMap(({ x }) => x);
  const ys = lines
    .flatMap(({ y, band }) => [...y, ...(band?.low ?? []), ...(band?.high ?? [])])
    .filter((y) => y !== null);
  const xTicks = ticksOf(smallest(xs), largest(xs), 8);
  const yTicks = ticksOf(smallest(ys), largest(ys), 6);
  const [left, right] = [margin.left, WIDTH - margin.right];
  const [top, bottom] = [margin.top, margin.top + PLOT_HEIGHT];
  const [xLow, xHigh] = [smallest(xs), Math.max(largest(xs), smallest(xs) + 1e-12)];
  const [yLow, yHigh] = [Math.min(smallest(ys), yTicks[0]), Math.max(largest(ys), yTicks.at(-1) as number)];
  const toX = (x: number) => left + ((x - xLow) / (xHigh - xLow)) * (right - left);
  const toY = (y: number) => bottom - ((y - yLow) / (yHigh - yLow || 1)) * (bottom - top);

  const text = (at: Point, words: string, extra: Partial<Extract<Shape, { kind: 'text' }>> = {}): Shape => ({
    ...{ kind: 'text', at, text: words, color: colors.muted, size: 12, bold: false, align: 'start' },
    ...extra,
  });
  const rule = (points: Point[]): Shape => ({ kind: 'line', points, color: colors.line, width: 1, alpha: 1, dash: [] });
  const frame = [
    text([left, 26], title, { color: colors.ink, size: 16, bold: true }),
    text([right, 26], note, { align: 'end' }),
    ...yTicks.flatMap((y) => [
      rule([
        [left, toY(y)],
        [right, toY(y)],
      ]),
      text([left - 8, toY(y) + 4], format(y), { align: 'end' }),
    ]),
    ...xTicks
      .filter((x) => x >= xLow && x <= xHigh)
      .map((x) => text([toX(x), bottom + 18], formatX(x), { align: 'middle' })),
    text([(left + right) / 2, bottom + 36], xLabel, { align: 'middle' }),
  ];
  const drawn = lines.flatMap((line): Shape[] => {
    const color = resolve(line.color);
    const along = (values: readonly (number | null)[]) =>
      line.x.flatMap((x, i): Point[] => (values[i] === null ? [] : [[toX(x), toY(values[i])]]));
    const area: Shape[] =
      line.band === undefined
        ? []
        : [{ kind: 'area', points: [...along(line.band.high), ...along(line.band.low).reverse()], color, alpha: 0.18 }];
    const look = { color, width: line.faint ? 1 : 2, alpha: line.faint ? 0.3 : 1, dash: line.dash ?? [] };
    return [...area, { kind: 'line', points: along(line.y), ...look }];
  });
  const keys = legend.flatMap((line, row): Shape[] => {
    const y = bottom + margin.bottom + 8 + LEGEND_ROW * row;
    const points: Point[] = [
      [left, y],
      [left + 36, y],
    ];
    return [
      { kind: 'line', points, color: resolve(line.color), width: 2, alpha: 1, dash: line.dash ?? [] },
      text([left + 46, y + 4], line.label, { color: colors.ink }),
    ];
  });
  return { width: WIDTH, height, ground: colors.ground, shapes: [...frame, ...drawn, ...keys] };
}

export function sceneToSvg({ width, height, ground, shapes }: Scene): string {
  const path = (points: readonly Point[]) =>
    points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
  const elements = shapes.map((shape) => {
    if (shape.kind === 'area') {
      return `<path d="${path(shape.points)}Z" fill="${escapeXml(shape.color)}" fill-opacity="${shape.alpha}"/>`;
    }
    if (shape.kind === 'line') {
      const dash = shape.dash.length > 0 ? ` stroke-dasharray="${shape.dash.join(' ')}"` : '';
      const look = `stroke="${escapeXml(shape.color)}" stroke-width="${shape.width}" stroke-opacity="${shape.alpha}"`;
      return `<path d="${path(shape.points)}" fill="none" stroke-linejoin="round" ${look}${dash}/>`;
    }
    const { at, size, bold, align, color, text } = shape;
    const look = `font-size="${size}" fill="${escapeXml(color)}" text-anchor="${align}"${bold ? ' font-weight="600"' : ''}`;
    return `<text x="${round(at[0])}" y="${round(at[1])}" ${look}>${escapeXml(text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeXml(sceneFont)}">`,
    `<rect width="${width}" height="${height}" fill="${escapeXml(ground)}"/>`,
    ...elements,
    '</svg>\n',
  ].join('\n');
}

/** Round numbers from the first at or below `low` to the first at or above `high`, about `count` of them. */
export function ticksOf(low: number, high: number, count: number): number[] {
  const span = high - low || Math.abs(low) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Characters that no XML may hold are left out. */
function escapeXml(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '')
    .replace(
      /[&<>"]/g,
      (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] as string,
    );
}
