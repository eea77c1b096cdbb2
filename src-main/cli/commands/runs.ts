/** `grpo-studio runs`: what the database holds, as a list of runs and as one run in detail. */
import { Command } from 'commander';
import type { RunSummary } from '../../contract/run.ts';
import { StudioError } from '../../contract/errors.ts';
import { formatNumber, formatPercent, formatTable, formatTime } from '../format.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import type { CommandContext } from '../command-context.ts';
import { runReport } from '../run-report.ts';

const listHelp = `
Examples:
  grpo-studio runs list
  grpo-studio runs list --json | jq -r 'select(.status == "completed") | .id'

The database is studio.sqlite in the data folder; under --json every run is a line.`;

const showHelp = `
Examples:
  grpo-studio runs show 20261122-1748
  grpo-studio runs show my-run --step 20

RUN is an id, the beginning of one, or a name. The same with SQL, where <id> is the run's id:
  sqlite3 ~/.local/share/grpo-studio/studio.sqlite "SELECT advantage, completion, rule, score, why FROM completion_scores
    WHERE run_id = '<id>' AND step = 20 ORDER BY advantage DESC LIMIT 12"`;

export function runsCommand(context: CommandContext): Command {
  return new Command('runs')
    .description('Shows the runs in the database.')
    .summary('what the database holds')
    .addCommand(list(context))
    .addCommand(show(context));
}

function list(context: CommandContext): Command {
  return command('list', 'all runs, newest first', 'Lists all runs, the newest first.', listHelp)
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, ({ store }) => {
          const runs = store.reader.listRuns();
          for (const run of runs) output.emit(run);
          if (!output.json) output.say(runs.length === 0 ? `No runs yet in ${store.path}.` : runTable(runs));
          return 0;
        }),
      ),
    );
}

export function runTable(runs: RunSummary[]): string {
  return formatTable(
    [
      { title: 'RUN' },
      { title: 'NAME' },
      { title: 'TYPE' },
      { title: 'STATUS' },
      { title: 'STEP', align: 'right' },
      { title: 'REWARD', align: 'right' },
      { title: 'BEFORE', align: 'right' },
      { title: 'AFTER', align: 'right' },
      { title: 'CREATED' },
    ],
    runs.map((run) => [
      run.id,
      run.name,
      run.type,
      run.status,
      `${run.step}/${run.maxSteps}`,
      formatNumber(run.reward),
      formatPercent(run.evalBefore),
      formatPercent(run.evalAfter),
      formatTime(run.createdAt),
    ]),
  );
}

function show(context: CommandContext): Command {
  return command(
    'show',
    'one run in detail',
    'Shows a run: settings, metrics, evaluations, and the best and worst completions of a step.',
    showHelp,
  )
    .argument('<run>', 'id, the beginning of it, or name')
    .option('--step <number>', 'the step whose completions are shown (default: the newest)')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((name: string, options: CommonOptions & { step?: string }) =>
      context.run(options, (output) =>
        context.withStudio(options, ({ store: { reader } }) => {
          const run = reader.resolveRun(name);
          const step = options.step === undefined ? run.step : wholeNumber('--step', options.step);
          const record = reader.getStep(run.id, step);
          if (record === null && options.step !== undefined) {
            const range = run.step === 0 ? 'it has none yet' : `they end at ${run.step}`;
            throw new StudioError('config_invalid', `Run ${run.id} has no step ${step}: ${range}.`);
          }
          if (output.json) {
            const metrics = Object.fromEntries(
              reader.listMetricNames(run.id).map((metric) => [metric, reader.getMetricSeries(run.id, metric)]),
            );
            output.emit({
              run,
              metrics,
              evaluations: reader.listEvaluations(run.id),
              checkpoints: reader.listCheckpoints(run.id),
              events: reader.listEvents(run.id),
              step: record,
            });
          } else output.say(runReport(run, reader, record, output));
          return 0;
        }),
      ),
    );
}

/** @throws StudioError config_invalid when the text is no whole number above zero */
export function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) {
    throw new StudioError('config_invalid', `${flag} must be a whole number from 1 on, not ${JSON.stringify(text)}.`, {
      field: flag,
    });
  }
  return Number(text);
}
