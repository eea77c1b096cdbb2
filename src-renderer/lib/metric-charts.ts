/** Which metrics are drawn together, in which order and form. A metric that no chart names is drawn in one of its own, at the end. */
import { formatBytes, formatInteger, formatNumber, formatSeconds, formatShare } from './format.ts';

type NumberFormat = 'number' | 'share' | 'integer' | 'seconds' | 'bytes';

export const numberFormats: Record<NumberFormat, (value: number) => string> = {
  number: formatNumber,
  share: formatShare,
  integer: (value) => formatInteger(Math.round(value)),
  seconds: formatSeconds,
  bytes: formatBytes,
};

interface ChartLine {
  metric: string;
  label: string;
}

export interface ChartPlan {
  title: string;
  lines: ChartLine[];
  format: NumberFormat;
}

export interface ChartSection {
  title: string;
  charts: ChartPlan[];
}

const line = (metric: string, label: string): ChartLine => ({ metric, label });

/** All that are known, of a run with these rules. */
function chartSections(rules: readonly string[]): ChartSection[] {
  return [
    {
      title: 'Learning',
      charts: [
        {
          title: 'Reward',
          format: 'number',
          lines: [line('reward', 'reward'), ...rules.map((rule) => line(`rewards/${rule}/mean`, rule))],
        },
        {
          title: 'Held-out accuracy',
          format: 'share',
          lines: [line('eval/accuracy', 'accuracy')],
        },
        {
          title: 'Groups',
          format: 'share',
          lines: [
            line('groups/all_right', 'all right'),
            line('groups/mixed', 'mixed'),
            line('groups/all_wrong', 'all wrong'),
            line('frac_reward_zero_std', 'without reward differences'),
          ],
        },
        {
          title: 'Spread of rewards',
          format: 'number',
          lines: [line('reward_std', 'all rules'), ...rules.map((rule) => line(`rewards/${rule}/std`, rule))],
        },
      ],
    },
    {
      title: 'Loss',
      charts: [
        {
          title: 'Loss and its terms',
          format: 'number',
          lines: [
            line('loss', 'loss'),
            line('loss/policy', 'policy term'),
            line('loss/kl', 'KL term'),
            line('loss/entropy', 'entropy term'),
          ],
        },
        { title: 'KL to the reference', format: 'number', lines: [line('kl', 'nats per token')] },
        { title: 'Gradient norm', format: 'number', lines: [line('grad_norm', 'before clipping')] },
        { title: 'Learning rate', format: 'number', lines: [line('learning_rate', 'learning rate')] },
      ],
    },
    {
      title: 'Policy and completions',
      charts: [
        {
          title: 'Entropy',
          format: 'number',
          lines: [line('entropy', 'nats per token'), line('entropy/bonus', 'of the tokens of the bonus')],
        },
        {
          title: 'Clipped tokens',
          format: 'share',
          lines: [
            line('clip_ratio/region_mean', 'all'),
            line('clip_ratio/low_mean', 'below'),
            line('clip_ratio/high_mean', 'above'),
            line('cispo_clip_ratio', 'capped'),
          ],
        },
        {
          title: 'Probability ratio',
          format: 'number',
          lines: [line('ratio/min', 'smallest'), line('ratio/mean', 'mean'), line('ratio/max', 'largest')],
        },
        {
          title: 'Log-prob, sampler against policy',
          format: 'number',
          lines: [
            line('sampling/sampling_logp_difference/mean', 'mean difference'),
            line('sampling/sampling_logp_difference/max', 'largest'),
          ],
        },
        {
          title: 'Weight of the sampler correction',
          format: 'number',
          lines: [
            line('sampling/importance_sampling_ratio/min', 'smallest'),
            line('sampling/importance_sampling_ratio/mean', 'mean'),
            line('sampling/importance_sampling_ratio/max', 'largest'),
          ],
        },
        {
          title: 'Length in tokens',
          format: 'integer',
          lines: [
            line('completions/mean_length', 'mean'),
            line('completions/min_length', 'shortest'),
            line('completions/max_length', 'longest'),
          ],
        },
        {
          title: 'Cut off and repeated',
          format: 'share',
          lines: [
            line('completions/clipped_ratio', 'cut off by length'),
            line('completions/duplicates', 'copies within a group'),
          ],
        },
      ],
    },
    {
      title: 'Speed and memory',
      charts: [
        {
          title: 'Tokens per second',
          format: 'integer',
          lines: [
            line('tokens_per_second/sampling', 'sampling'),
            line('tokens_per_second/scoring', 'scoring'),
            line('tokens_per_second/reference', 'reference'),
            line('tokens_per_second/update', 'update'),
          ],
        },
        {
          title: 'Time of a step',
          format: 'seconds',
          lines: [
            line('step_time', 'whole step'),
            line('time/sampling', 'sampling'),
            line('time/scoring', 'scoring'),
            line('time/reference', 'reference'),
            line('time/update', 'update'),
          ],
        },
        {
          title: 'Memory',
          format: 'bytes',
          lines: [
            line('memory/rss_bytes', 'process'),
            line('memory/pool_bytes', 'tensor pool'),
            line('memory/tensor_bytes', 'tensors'),
          ],
        },
      ],
    },
  ];
}

/** What a metric is called where it stands alone, `Held-out accuracy` or `Length in tokens: mean`, and the form of its numbers. */
export function describeMetric(metric: string): { title: string; format: NumberFormat } {
  const rules = /^rewards\/(.+)\/(?:mean|std)$/.exec(metric)?.slice(1) ?? [];
  for (const { title, format, lines } of chartSections(rules).flatMap(({ charts }) => charts)) {
    const place = lines.findIndex((line) => line.metric === metric);
    if (place < 0) continue;
    const { label } = lines[place];
    if (lines.length === 1) return { title, format };
    const isChartsOwn = place === 0 && title.toLowerCase().startsWith(label);
    return { title: isChartsOwn ? title.slice(0, label.length) : `${title}: ${label}`, format };
  }
  return { title: metric, format: 'number' };
}

/** Those of a run with these metrics; charts without any of their metrics are left out. */
export function planCharts(names: readonly string[]): ChartSection[] {
  const sections = chartSections(names.flatMap((name) => /^rewards\/(.+)\/mean$/.exec(name)?.[1] ?? []));
  const planned = new Set(sections.flatMap(({ charts }) => charts.flatMap(({ lines }) => lines.map((l) => l.metric))));
  const others = names.filter((name) => !planned.has(name));
  const has = new Set(names);
  return [
    ...sections,
    {
      title: 'Other metrics',
      charts: others.map((name): ChartPlan => ({ title: name, format: 'number', lines: [line(name, name)] })),
    },
  ]
    .map(({ title, charts }) => ({
      title,
      charts: charts
        .map((chart) => ({ ...chart, lines: chart.lines.filter(({ metric }) => has.has(metric)) }))
        .filter(({ lines }) => lines.length > 0),
    }))
    .filter(({ charts }) => charts.length > 0);
}
