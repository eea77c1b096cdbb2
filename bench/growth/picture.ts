/** Draws the figures of growth as pictures of several panels each, which follow the reader's light or dark theme. */
import type { Curve } from './curves.ts';
import type { DatabaseTimes } from './database.ts';
import { panelsToSvg, type Line, type Panel } from './panels.ts';
import type { WriterShare } from './writer.ts';

/** What docs/growth.json holds. */
export interface Growth {
  /** That the curves were measured with. */
  processor: string;
  curves: Curve[];
  writer: Record<string, WriterShare>;
  database: DatabaseTimes[];
}

/** @returns the pictures by the names of their files, of the figures that are there */
export function drawGrowth({ processor, curves, database }: Partial<Growth>): Record<string, string> {
  const note = `${processor ?? ''}; both axes logarithmic; dotted: in proportion`;
  return {
    ...(curves === undefined
      ? {}
      : { 'growth.svg': panelsToSvg('Seconds a step takes', note, curves.map(curvePanel)) }),
    ...(database === undefined || database.length < 2
      ? {}
      : {
          'growth-database.svg': panelsToSvg(
            'Milliseconds the database takes',
            'a step: 64 completions of 40 tokens; both axes logarithmic',
            databasePanels(database),
          ),
        }),
  };
}

/** The dashed line is what the largest costs, in proportion. */
function curvePanel({ title, xLabel, points }: Curve): Panel {
  const last = points[points.length - 1];
  return {
    title,
    xLabel,
    yLabel: 'seconds',
    formatX: formatCount,
    lines: [
      { name: '', points: points.map(({ x }) => ({ x, y: (last.seconds * x) / last.x })), dashed: true },
      { name: '', points: points.map(({ x, seconds }) => ({ x, y: seconds })), values: true },
    ],
  };
}

function databasePanels(database: readonly DatabaseTimes[]): Panel[] {
  const line = (what: string, name: string): Line => ({
    name,
    points: database
      .filter(({ times }) => what in times)
      .map(({ completions, times }) => ({ x: completions, y: Math.max(times[what], 0.01) })),
  });
  const shown: Record<string, string> = {
    'open a run': 'open a run',
    'its newest completions': 'newest completions',
    'open its samples': 'open its samples',
    'its best completions': 'best completions',
    'search: a beginning': 'search: ans…',
    'search: a word of 1 in 500': 'search: a rare word',
    'list the runs': 'list 1 to 200 runs',
  };
  const reading = (title: string, circumstances: string): Panel => ({
    ...axes,
    title,
    lines: Object.entries(shown)
      .map(([what, name]) => line(what + circumstances, name))
      .filter(({ points }) => points.length > 1),
  });
  return [
    {
      ...axes,
      title: 'Writing',
      lines: [
        line('write a step', 'a step'),
        line('write a step, slowest of 100', 'slowest of 100'),
        line('delete the run', 'delete 100 steps'),
      ],
    },
    reading('Reading a run of 6,400 completions', ''),
    reading('The same in a studio just started, nothing cached', ', nothing cached'),
    reading('Reading the first run, of 64,000', ', the first run of 64,000'),
  ].filter(({ lines }) => lines.length > 0);
}

const axes = { xLabel: 'completions in the database', yLabel: 'milliseconds', formatX: formatCount };

/** 15,700,000 is 16 M. */
function formatCount(count: number): string {
  const [unit, letter] = count >= 1e6 ? [1e6, ' M'] : count >= 1e4 ? [1000, ' k'] : [1, ''];
  return Number((count / unit).toPrecision(unit === 1 ? 4 : count / unit < 100 ? 2 : 3)).toLocaleString('en') + letter;
}
