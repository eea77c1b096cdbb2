/** Takes a chart out of the page: into a file or onto the clipboard. */
import type { CompareAxis, MetricCurve } from '../../src-main/contract/api/compare.ts';
import type { Line } from '../lib/chart-lines.ts';
import { chartScene, sceneFont, sceneToSvg, type Scene } from '../lib/chart-scene.ts';
import { curvesToCsv } from '../lib/compare-text.ts';
import { toasts } from '../stores/toasts.svelte.ts';

export type ExportKind = 'png' | 'svg' | 'csv' | 'copy-picture' | 'copy-csv';

export interface ChartContent {
  title: string;
  note: string;
  xLabel: string;
  axis: CompareAxis;
  /** As they are drawn. */
  lines: readonly Line[];
  /** As they were recorded. */
  curves: { run: string; label: string; metric: string; curve: MetricCurve }[];
  formatX: (x: number) => string;
  format: (value: number) => string;
}

/** Device pixels for each unit of a picture. */
const SHARPNESS = 2;

/** Does it and says so, or says why it could not. */
export async function exportChart(kind: ExportKind, content: ChartContent): Promise<void> {
  const name = `${content.title.replaceAll(/[^\w.-]+/g, '-')}-over-${content.axis}`;
  try {
    if (kind === 'csv')
      save(`${name}.csv`, new Blob([curvesToCsv(content.curves, content.axis)], { type: 'text/csv' }));
    if (kind === 'svg') save(`${name}.svg`, new Blob([sceneToSvg(sceneOf(content))], { type: 'image/svg+xml' }));
    if (kind === 'png') save(`${name}.png`, await paint(sceneOf(content)));
    if (kind === 'copy-csv') {
      await navigator.clipboard.writeText(curvesToCsv(content.curves, content.axis));
      toasts.say('Copied the numbers.');
    }
    if (kind === 'copy-picture') {
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': await paint(sceneOf(content)) })]);
      toasts.say('Copied the picture.');
    }
  } catch (error) {
    toasts.complain(error);
  }
}

function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  toasts.say(`Saved ${name}.`);
}

/** In the colours of the theme of now. */
function sceneOf({ title, note, xLabel, lines, formatX, format }: ChartContent): Scene {
  const probe = document.body.appendChild(document.createElement('span'));
  const resolve = (color: string) => {
    probe.style.color = color;
    return getComputedStyle(probe).color;
  };
  const colors = {
    ground: resolve('var(--surface)'),
    ink: resolve('var(--text)'),
    muted: resolve('var(--muted)'),
    line: resolve('var(--line)'),
  };
  try {
    return chartScene(lines, { title, note, xLabel, formatX, format, colors, resolve });
  } finally {
    probe.remove();
  }
}

function paint({ width, height, ground, shapes }: Scene): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), {
    width: width * SHARPNESS,
    height: height * SHARPNESS,
  });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.scale(SHARPNESS, SHARPNESS);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  context.lineJoin = 'round';
  for (const shape of shapes) {
    if (shape.kind === 'text') {
      context.globalAlpha = 1;
      context.fillStyle = shape.color;
      context.font = `${shape.bold ? 600 : 400} ${shape.size}px ${sceneFont}`;
      context.textAlign = shape.align === 'middle' ? 'center' : shape.align;
      context.fillText(shape.text, shape.at[0], shape.at[1]);
      continue;
    }
    const path = new Path2D();
    shape.points.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
    context.globalAlpha = shape.alpha;
    if (shape.kind === 'area') {
      path.closePath();
      context.fillStyle = shape.color;
      context.fill(path);
    } else {
      context.strokeStyle = shape.color;
      context.lineWidth = shape.width;
      context.setLineDash([...shape.dash]);
      context.stroke(path);
    }
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob === null ? reject(new Error('The browser could not make a picture.')) : resolve(blob),
    ),
  );
}
