import { expect, test } from 'vitest';
import { chartScene, sceneToSvg, ticksOf } from './chart-scene.ts';

const options = {
  title: 'rewards/<exact>',
  note: 'average of 0.6',
  xLabel: 'step',
  formatX: String,
  format: String,
  colors: { ground: 'white', ink: 'black', muted: 'grey', line: 'silver' },
  resolve: (color: string) => `resolved ${color}`,
};
const lines = [
  { key: 'a', label: 'a & "b"', color: 'red', x: [1, 2, 3], y: [0, null, 1], dash: [2, 3] },
  { key: 'b', label: 'mean', color: 'blue', x: [1, 3], y: [0.5, 0.5], band: { low: [0, 0.4], high: [1, 0.6] } },
  { key: 'b', label: 'mean', color: 'blue', x: [1, 3], y: [0.2, 0.9], faint: true },
];

test('ticks are round and hold the range', () => {
  expect(ticksOf(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticksOf(0.013, 0.0471, 4)).toEqual([0.01, 0.02, 0.03, 0.04, 0.05]);
  expect(ticksOf(7, 7, 4)[0]).toBeLessThanOrEqual(7);
  expect(ticksOf(7, 7, 4).at(-1)).toBeGreaterThanOrEqual(7);
  expect(ticksOf(0, 0, 4).length).toBeGreaterThan(1);
});

test('every line, band and name is drawn, inside the picture', () => {
  const { shapes, width, height } = chartScene(lines, options);
  const drawn = shapes.filter((shape) => shape.kind !== 'text' && shape.color.startsWith('resolved'));
  expect(drawn.map(({ kind }) => kind)).toEqual(['line', 'area', 'line', 'line', 'line', 'line']); // three lines, one band, two in the legend
  const points = shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.at] : shape.points));
  expect(points.every(([x, y]) => x >= 0 && x <= width && y >= 0 && y <= height)).toBe(true);
  expect(shapes.filter((shape) => shape.kind === 'text').map(({ text }) => text)).toContain('mean');
});

test('the vector file is well formed and says the same', () => {
  const svg = sceneToSvg(chartScene(lines, options));
  expect(svg).toContain('rewards/&lt;exact&gt;');
  expect(svg).toContain('>average of 0.6<');
  expect(svg).toContain('a &amp; &quot;b&quot;');
  expect(svg).toContain('stroke-dasharray="2 3"');
  expect(svg).toContain('fill-opacity="0.18"');
  expect(svg).not.toContain('NaN');
  expect(svg.match(/<(path|text|rect|svg)\b/g)).toHaveLength((svg.match(/\/>|<\/text>|<\/svg>/g) ?? []).length);
});

test('one point and equal values are no division by zero', () => {
  expect(sceneToSvg(chartScene([{ key: 'a', label: 'a', color: 'red', x: [5], y: [1] }], options))).not.toContain(
    'NaN',
  );
});
