import { expect, test } from 'vitest';
import { describeMetric, planCharts } from './metric-charts.ts';

test('every metric has a place, each once; unknown ones come last, each in a chart of its own', () => {
  const names = [
    'reward',
    'rewards/exact/mean',
    'rewards/exact/std',
    'kl',
    'loss',
    'loss/kl',
    'step_time',
    'brand_new',
  ];
  const sections = planCharts(names);
  const drawn = sections.flatMap(({ charts }) => charts.flatMap(({ lines }) => lines.map(({ metric }) => metric)));
  expect(drawn.toSorted()).toEqual(names.toSorted());
  expect(sections.at(-1)).toEqual({
    title: 'Other metrics',
    charts: [{ title: 'brand_new', format: 'number', lines: [{ metric: 'brand_new', label: 'brand_new' }] }],
  });
});

test('rules are drawn beside the reward; a run without metrics has no charts', () => {
  const [learning] = planCharts(['reward', 'rewards/a/b/mean']);
  expect(learning.charts[0].lines.map(({ label }) => label)).toEqual(['reward', 'a/b']);
  expect(planCharts([])).toEqual([]);
});

test.each([
  ['eval/accuracy', 'Held-out accuracy', 'share'],
  ['reward', 'Reward', 'number'],
  ['rewards/exact/mean', 'Reward: exact', 'number'],
  ['rewards/exact/std', 'Spread of rewards: exact', 'number'],
  ['loss', 'Loss', 'number'],
  ['completions/mean_length', 'Length in tokens: mean', 'integer'],
  ['brand_new', 'brand_new', 'number'],
])('%s stands alone as %s', (metric, title, format) => {
  expect(describeMetric(metric)).toEqual({ title, format });
});
