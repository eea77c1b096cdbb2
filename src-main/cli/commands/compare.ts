/** `grpo-studio compare`: what runs came to, what differs in their settings, and which of them evaluates better. */
import type { Command } from 'commander';
import type { RunComparison } from '../../contract/api/compare.ts';
import { StudioError } from '../../contract/errors.ts';
import { compareRunEvaluations, compareRuns } from '../../services/compare/compare-runs.ts';
import { formatNumber, formatTable, indent, oneLine, truncate } from '../format.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import type { CommandContext } from '../command-context.ts';

/** Shown unless metrics are named, as far as a run has them. */
const usualMetrics = [
  'reward',
  'eval/accuracy',
  'eval/reward',
  'kl',
  'entropy',
  'completions/mean_length',
  'loss',
  'eval/loss',
];

/** Characters of a setting's value at most. */
const valueWidth = 40;

const help = `
Examples:
  grpo-studio compare first second
  grpo-studio compare 20261122-1748 20261122-1802 20261122-1833 --metric reward --metric eval/accuracy
  grpo-studio compare first second --json | jq '.evaluation.pairs[].sentence'

RUN is an id, the beginning of one, or a name. The first run is the baseline that the others are compared with.
A metric is the mean over a run's newest 10 steps; those that begin with eval/ are of its last evaluation.
Evaluations are paired by prompt; in brackets stands the 95% interval of the mean difference (10,000 bootstrap resamples).`;

export function compareCommand(context: CommandContext): Command {
  return command(
    'compare',
    'runs side by side, and which is better',
    'Compares runs: their final metrics, what differs in their settings, and their answers to the same held-out prompts.',
    help,
  )
    .argument('<run...>', 'two or more: id, the beginning of it, or name; the first is the baseline')
    .option('--metric <name>', 'a metric to show, as often as needed', (name: string, before: string[] | undefined) => [
      ...(before ?? []),
      name,
    ])
    .option('--measure <name>', 'what evaluations are compared by: reward, or the name of a rule')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((names: string[], options: CommonOptions & { metric?: string[]; measure?: string }) =>
      context.run(options, (output) =>
        context.withStudio(options, ({ store: { reader } }) => {
          const ids = [...new Set(names.map((name) => reader.resolveRun(name).id))];
          const comparison = compareRuns(reader, ids);
          const metrics = chooseMetrics(comparison, options.metric);
          const choice = { baseline: ids[0], steps: {}, measure: options.measure };
          const evaluation = compareRunEvaluations(reader, ids, choice);
          if (options.measure !== undefined && evaluation.measure !== options.measure) {
            const known = evaluation.measures.length === 0 ? 'none' : evaluation.measures.join(', ');
            throw new StudioError(
              'config_invalid',
              `All of these runs are measured by: ${known}; not by ${options.measure}.`,
              {
                field: '--measure',
              },
            );
          }
          const settings = comparison.settings.filter(({ differs }) => differs);
          output.emit({ ...comparison, settings, evaluation });
          if (output.json) return Promise.resolve(0);
          const heading = (text: string) => output.paint('bold', text);
          const labels = comparison.runs.map(({ label }) => label);
          output.say(
            [
              metricTable(comparison, metrics),
              `${heading('Settings that differ')}\n${indent(settingTable(settings, labels), 2)}`,
              `${heading(`Evaluation, by ${evaluation.measure}`)}\n${indent(evaluationText(evaluation, comparison), 2)}`,
            ].join('\n\n'),
          );
          return Promise.resolve(0);
        }),
      ),
    );
}

/** @throws StudioError config_invalid when none of the runs has a metric that was asked for */
function chooseMetrics({ runs }: RunComparison, asked: string[] | undefined): string[] {
  const known = new Set(runs.flatMap(({ finals }) => Object.keys(finals)));
  if (asked === undefined) return usualMetrics.filter((name) => known.has(name));
  const unknown = asked.find((name) => !known.has(name));
  if (unknown === undefined) return asked;
  const names = known.size === 0 ? 'they have none yet' : [...known].sort().join(', ');
  throw new StudioError('config_invalid', `None of these runs has a metric ${unknown}. Their metrics: ${names}.`, {
    field: '--metric',
  });
}

function metricTable({ runs }: RunComparison, metrics: string[]): string {
  const columns = [
    { title: 'RUN' },
    { title: 'NAME' },
    { title: 'STEPS', align: 'right' as const },
    ...metrics.map((name) => ({ title: name, align: 'right' as const })),
  ];
  return formatTable(
    columns,
    runs.map(({ id, label, step, finals }) => [
      id,
      oneLine(label),
      String(step),
      ...metrics.map((name) => formatNumber(finals[name])),
    ]),
  );
}

function settingTable(settings: RunComparison['settings'], labels: string[]): string {
  if (settings.length === 0) return 'None.';
  return formatTable(
    [{ title: 'SETTING' }, ...labels.map((label) => ({ title: truncate(oneLine(label), valueWidth) }))],
    settings.map(({ section, field, values }) => [
      section === 'rewards' ? `reward ${field}` : field,
      ...values.map((value) => (value === null ? '–' : truncate(oneLine(value), valueWidth))),
    ]),
  );
}

function evaluationText(
  { pairs, withoutEvaluation }: ReturnType<typeof compareRunEvaluations>,
  { runs }: RunComparison,
): string {
  const labelOf = (id: string) => runs.find((run) => run.id === id)?.label ?? id;
  const lines = pairs.flatMap(({ sentence, notes, result }) => [
    sentence,
    ...(result === null ? [] : [`  better on ${result.wins}, worse on ${result.losses}, the same on ${result.ties}`]),
    ...notes.map((note) => `  ${note}`),
  ]);
  const without = withoutEvaluation.map((id) => `${labelOf(id)} has made no evaluation.`);
  const all = [...lines, ...without];
  return all.length === 0 ? 'There is one evaluation only: nothing to compare it with.' : all.map(oneLine).join('\n');
}
