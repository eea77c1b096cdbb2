/** Small charts beside and below each other in one vector file, both axes logarithmic: what grows in proportion is a straight diagonal. */

export interface Line {
  /** Stands at its end; may be empty. */
  name: string;
  points: { x: number; y: number }[];
  /** Writes each value beside its point. */
  values?: boolean;
  dashed?: boolean;
}

export interface Panel {
  title: string;
  xLabel: string;
  yLabel: string;
  formatX: (x: number) => string;
  lines: Line[];
}

const WIDTH = 960;
const HEAD = 64;
const PANEL = { width: WIDTH / 2, height: 320 };
const MARGIN = { left: 62, right: 24, top: 34, bottom: 58 };
/** Room for the names at the ends of lines. */
const NAMES = 118;
const NAME_HEIGHT = 15;

const light = ['#1d5fa8', '#b3471d', '#13795b', '#8a3f9e', '#7d6000', '#a3195b', '#5b6470'];
const dark = ['#6cb2f0', '#f09065', '#4cc9a0', '#d08ae0', '#d9b840', '#f07fb0', '#a8b0bb'];

const colours = (ground: string, ink: string, muted: string, rule: string, lines: readonly string[]) =>
  `.ground{fill:${ground}}text{fill:${ink}}.muted{fill:${muted}}.dashed{stroke:${muted}}.rule{stroke:${rule}}` +
  lines.map((colour, i) => `.l${i}{stroke:${colour}}.t${i}{fill:${colour}}`).join('');

const style = `text{font:13px Inter,"Segoe UI","Helvetica Neue",Arial,sans-serif}.title{font-size:14px;font-weight:600}
.head{font-size:18px;font-weight:600}.line,.rule{fill:none}.rule{stroke-width:1}.line{stroke-width:2;stroke-linejoin:round}.dashed{fill:none;stroke-width:1.5;stroke-dasharray:3 5}
${colours('#ffffff', '#1c2127', '#57606a', '#e1e4e8', light)}
@media (prefers-color-scheme:dark){${colours('#15191e', '#e8ebee', '#a4adb7', '#2e353d', dark)}}`;

export function panelsToSvg(title: string, note: string, panels: readonly Panel[]): string {
  const height = HEAD + PANEL.height * Math.ceil(panels.length / 2);
  const label = escapeXml(`${title}: ${panels.map((panel) => panel.title).join(', ')}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    text(MARGIN.left, 32, title, 'head'),
    text(WIDTH - MARGIN.right, 32, note, 'muted', 'end'),
    ...panels.map((panel, place) => {
      const at = `translate(${PANEL.width * (place % 2)} ${HEAD + PANEL.height * Math.floor(place / 2)})`;
      return `<g transform="${at}">\n${panelShapes(panel).join('\n')}\n</g>`;
    }),
    '</svg>\n',
  ].join('\n');
}

function panelShapes({ title, xLabel, yLabel, formatX, lines }: Panel): string[] {
  const named = lines.some(({ name }) => name !== '');
  const [left, right] = [MARGIN.left, PANEL.width - MARGIN.right - (named ? NAMES : 0)];
  const [top, bottom] = [MARGIN.top, PANEL.height - MARGIN.bottom];
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((first, second) => first - second);
  const yTicks = ticks(points.map(({ y }) => y));
  const along = (value: number, [low, high]: number[], from: number, to: number) =>
    from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
  const toX = (x: number) => along(x, [xs[0], xs[xs.length - 1]], left + 14, right - 14);
  const toY = (y: number) => along(y, [yTicks[0], yTicks[yTicks.length - 1]], bottom, top);

  const grid = yTicks.flatMap((y) => [
    `<path class="rule" d="M${left} ${round(toY(y))}H${right}"/>`,
    text(left - 8, toY(y) + 4, y.toLocaleString('en'), 'muted', 'end'),
  ]);
  const drawn = lines.map((line, place) => {
    const path = line.points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${round(toX(x))} ${round(toY(y))}`).join('');
    const look = line.dashed === true ? 'dashed' : `line l${place - lines.findIndex(({ dashed }) => dashed !== true)}`;
    const colour = look.replace('line l', 't');
    const dots = line.points.map(
      ({ x, y }) => `<circle class="${colour}" cx="${round(toX(x))}" cy="${round(toY(y))}" r="3"/>`,
    );
    const values = line.points.map(({ x, y }) => text(toX(x), toY(y) - 9, format(y), '', 'middle'));
    return [
      `<path class="${look}" d="${path}"/>`,
      ...(line.dashed === true ? [] : dots),
      ...(line.values === true ? values : []),
    ].join('');
  });
  const ends = lines.flatMap(({ name, points: [...own] }, place) =>
    name === '' ? [] : [{ name, place, y: toY((own.at(-1) as { y: number }).y) }],
  );
  return [
    text(left, 18, title, 'title'),
    ...grid,
    ...xs.map((x) => text(toX(x), bottom + 20, formatX(x), 'muted', 'middle')),
    text((left + right) / 2, bottom + 42, xLabel, 'muted', 'middle'),
    `<g transform="translate(16 ${(top + bottom) / 2}) rotate(-90)">${text(0, 0, yLabel, 'muted', 'middle')}</g>`,
    ...drawn,
    ...apart(ends, top, bottom).map(({ name, place, y }) => text(right + 2, y + 4, name, `t${place}`)),
  ];
}

/** 1, 2 and 5 of every power of ten, only the powers where many would fit; from at or below the least to at or above the greatest. */
function ticks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const factors = high / low > 200 ? [1] : [1, 2, 5];
  const exponents = Array.from({ length: 16 }, (_, i) => i - 6);
  const all = exponents.flatMap((exponent) => factors.map((factor) => Number(`${factor}e${exponent}`)));
  const first = all.findLastIndex((tick) => tick <= low * 0.999);
  return all.slice(first, all.findIndex((tick) => tick >= high * 1.15) + 1);
}

/** Moves names that would cover each other apart, keeping their order. */
function apart<Name extends { y: number }>(names: readonly Name[], top: number, bottom: number): Name[] {
  const sorted = names.toSorted((first, second) => first.y - second.y).map((name) => ({ ...name }));
  for (let i = 1; i < sorted.length; i++) sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + NAME_HEIGHT);
  let room = bottom;
  for (const name of sorted.toReversed()) {
    name.y = Math.max(top, Math.min(name.y, room));
    room = name.y - NAME_HEIGHT;
  }
  return sorted;
}

function text(x: number, y: number, words: string, look: string, anchor = 'start'): string {
  const kind = look === '' ? '' : ` class="${look}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind}>${escapeXml(words)}</text>`;
}

/** Three figures, and no more places than that needs. */
function format(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en', { maximumFractionDigits: 4 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
