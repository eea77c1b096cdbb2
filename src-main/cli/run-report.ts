/** The text of `runs show`: settings, metrics over the steps, evaluations, troubles, and the ends of a step's completions. */
import { stringify } from 'yaml';
import { rewardRulesOf } from '../contract/config.ts';
import type { CompletionRecord, StepRecord } from '../contract/engine.ts';
import type { StoredRun, StoreReader } from '../store/interfaces.ts';
import { describeError } from './errors.ts';
import {
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatTable,
  formatTime,
  indent,
  oneLine,
  printable,
} from './format.ts';
import type { Output } from './output.ts';

/** Steps in the metrics table at most. */
const shownSteps = 12;

/** Completions shown from the top and from the bottom of a step. */
const shownCompletions = 2;

export function runReport(run: StoredRun, reader: StoreReader, record: StepRecord | null, output: Output): string {
  const title = (text: string) => output.paint('bold', text);
  const sections = [header(run, output), `${title('Settings')}\n${indent(stringify(run.run.config).trimEnd(), 2)}`];
  const metrics = metricsTable(run, reader);
  if (metrics !== null) sections.push(`${title('Metrics')}\n${indent(metrics, 2)}`);
  const evaluations = evaluationTable(run, reader);
  if (evaluations !== null)
    sections.push(
      `${title(run.type === 'reward_model' ? 'Held out' : 'Held out (greedy)')}\n${indent(evaluations, 2)}`,
    );
  const troubles = reader.listEvents(run.id).filter(({ type }) => type === 'warning' || type === 'failed');
  if (troubles.length > 0) {
    const lines = troubles.map(({ step, type, message }) => `after step ${step}  ${type}: ${oneLine(message)}`);
    sections.push(`${title('Warnings and failures')}\n${indent(lines.join('\n'), 2)}`);
  }
  if (record !== null && record.groups.length > 0) sections.push(completionsOf(record, title));
  return sections.join('\n\n');
}

function header(run: StoredRun, output: Output): string {
  const { info, error } = run;
  const seconds =
    run.startedAt === null || run.endedAt === null
      ? null
      : (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
  const lines: [string, string][] = [
    ['name', run.name],
    ['type', run.type],
    ['status', `${run.status}, ${run.step} of ${run.maxSteps} steps`],
    ['created', formatTime(run.createdAt)],
    ['took', formatDuration(seconds)],
    ['engine', info === null ? '–' : `${info.backend} (${info.device}), ${formatCount(info.parameters)} parameters`],
    ['folder', run.directory],
  ];
  const text = `${output.paint('bold', `Run ${run.id}`)}\n${indent(formatRows(lines), 2)}`;
  return error === null ? text : `${text}\n${describeError(error, output)}`;
}

/** Two columns without a title line. */
export function formatRows(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Up to `shownSteps` steps, evenly spread, the first and the last among them. */
function metricsTable(run: StoredRun, reader: StoreReader): string | null {
  const rules = rewardRulesOf(run.run).map(({ name }) => `rewards/${name}/mean`);
  const wanted = [
    'loss',
    'reward',
    ...rules,
    'accuracy',
    'margin',
    'mean_reward',
    'kl',
    'entropy',
    'completions/mean_length',
    'grad_norm',
    'learning_rate',
  ];
  const known = new Set(reader.listMetricNames(run.id));
  const names = wanted.filter((name) => known.has(name));
  const [first] = names;
  if (first === undefined) return null;
  const series = names.map(
    (name) => new Map(reader.getMetricSeries(run.id, name).map(({ step, value }) => [step, value])),
  );
  const steps = [...new Set(series.flatMap((values) => [...values.keys()]))].sort((a, b) => a - b);
  const rows = spread(steps, shownSteps).map((step) => [
    String(step),
    ...series.map((values) => formatNumber(values.get(step))),
  ]);
  return formatTable(
    ['step', ...names].map((title) => ({ title, align: 'right' })),
    rows,
  );
}

/** At most `count` of the values, evenly spread, with the first and the last. */
export function spread<T>(values: T[], count: number): T[] {
  if (values.length <= count) return values;
  return Array.from({ length: count }, (_, index) => values[Math.round((index * (values.length - 1)) / (count - 1))]);
}

function evaluationTable(run: StoredRun, reader: StoreReader): string | null {
  const evaluations = reader.listEvaluations(run.id);
  if (evaluations.length === 0) return null;
  const rules = rewardRulesOf(run.run).map(({ name }) => `rewards/${name}/mean`);
  const names = ['loss', 'reward', ...rules, 'margin', 'completions/mean_length'].filter((name) =>
    evaluations.some(({ metrics }) => name in metrics),
  );
  return formatTable(
    ['after step', 'accuracy', ...names].map((title) => ({ title, align: 'right' })),
    evaluations.map(({ step, metrics }) => [
      String(step),
      formatPercent(metrics['accuracy']),
      ...names.map((name) => formatNumber(metrics[name])),
    ]),
  );
}

function completionsOf({ step, groups }: StepRecord, title: (text: string) => string): string {
  const sampled = groups.flatMap(({ prompt, row, completions }) =>
    completions.map((completion) => ({ prompt, row, completion })),
  );
  // The same words for the same prompt are shown once.
  const all = [...new Map(sampled.map((item) => [`${item.row} ${item.completion.text}`, item])).values()];
  all.sort((a, b) => b.completion.advantage - a.completion.advantage);
  const count = Math.min(shownCompletions, Math.floor(all.length / 2));
  const show = (part: typeof all) =>
    part.map(({ prompt, row, completion }) => completionText(prompt, row, completion)).join('\n\n');
  return [
    title(`Highest advantage in step ${step}`),
    indent(show(all.slice(0, count)), 2),
    '',
    title(`Lowest advantage in step ${step}`),
    indent(show(all.slice(all.length - count)), 2),
  ].join('\n');
}

function completionText(prompt: string, row: number, completion: CompletionRecord): string {
  const { advantage, reward, finishReason, text, scores } = completion;
  const rules = scores.map(
    ({ rule, score, why }) => `${rule} ${score === null ? 'does not apply' : formatNumber(score)}: ${oneLine(why)}`,
  );
  return [
    `row ${row}  advantage ${formatNumber(advantage)}  reward ${formatNumber(reward)}  ended by ${finishReason}`,
    `prompt: ${printable(prompt).trimEnd()}`,
    `completion: ${printable(text).trimEnd()}`,
    ...rules.map((rule) => `  ${rule}`),
  ].join('\n');
}
