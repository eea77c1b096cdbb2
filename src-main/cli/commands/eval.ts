/** `grpo-studio eval`: greedy answers of a policy to held-out problems, scored by reward rules. */
import type { Command } from 'commander';
import { StudioError } from '../../contract/errors.ts';
import type { EvaluationSample } from '../../contract/engine.ts';
import { readDataset } from '../../datasets/read-dataset.ts';
import { readEvaluationConfig } from '../../services/config/config-file.ts';
import { formatNumber, formatPercent, formatTable, indent, oneLine, plural, printable } from '../format.ts';
import {
  backendOption,
  command,
  dataDirOption,
  jsonOption,
  numeric,
  option,
  overridesOf,
  setOption,
  type CommonOptions,
  type SettingOptions,
} from '../options.ts';
import { findPolicyFolder } from '../policy-folder.ts';
import type { CommandContext } from '../command-context.ts';
import { samplingOf } from '../studio.ts';

/** Answers shown to a person. */
const shownSamples = 3;

const help = `
Examples:
  grpo-studio eval 20261122-1748-7f3a
  grpo-studio eval resources/models/starter --dataset resources/datasets/addition/eval.jsonl --rewards resources/configs/demo.yaml

A run brings its own held-out dataset, rules and sampling settings; --dataset and --rewards replace them. The rules file is
any config file with \`rewards\`; its sampling settings (max_completion_length, stop, …) are used too.
Accuracy is the mean score of the first rule. Nothing is written. Under --json every answer is a line, and the last line is
the result with all metrics.`;

interface EvalOptions extends CommonOptions, Pick<SettingOptions, 'set' | 'backend'> {
  dataset?: string;
  rewards?: string;
  samples?: string;
}

export function evalCommand(context: CommandContext): Command {
  return command(
    'eval',
    'accuracy of a model or a run on held-out problems',
    'Answers held-out problems greedily and scores the answers.',
    help,
  )
    .argument('<model-or-run>', 'model folder, or a run: its newest checkpoint')
    .option('--dataset <file>', 'JSONL file with the problems')
    .option('--rewards <file>', 'config file with the reward rules')
    .option('--samples <number>', 'problems, from the top of the file')
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((modelOrRun: string, options: EvalOptions) =>
      context.run(options, async (output) => {
        const { folder, run } = findPolicyFolder(modelOrRun, options.dataDir);
        if (run?.type === 'reward_model') {
          const message = `Run ${run.id} trains a reward model, which scores completions and cannot write them. Its held-out accuracy: grpo-studio runs show ${run.id}`;
          throw new StudioError('model_unsupported', message, { path: folder });
        }
        if (run === null && options.rewards === undefined) {
          throw new StudioError(
            'config_invalid',
            `Say what a right answer is with --rewards CONFIG.yaml: a config file with \`rewards\`.`,
          );
        }
        const config = await readEvaluationConfig({
          base: run?.run.config ?? {},
          file: options.rewards,
          overrides: [
            ...overridesOf(options),
            ...option('--dataset', ['eval_dataset'], options.dataset),
            ...option('--samples', ['eval_samples'], numeric(options.samples)),
          ],
        });
        if (config.eval_dataset === undefined) {
          throw new StudioError('config_invalid', 'Name the held-out problems with --dataset FILE.jsonl.');
        }
        const rows = (await readDataset(config.eval_dataset)).slice(0, config.eval_samples);
        const session = await context.engine.openPolicy(folder, config.backend);
        try {
          const { backend, device } = session.info;
          output.say(
            `${folder}\n${plural(rows.length, 'problem')} of ${config.eval_dataset}, on backend ${backend} (${device})`,
          );
          const { metrics, samples } = await session.evaluate(rows, config.rewards, samplingOf(config));
          for (const { tokens: _, ...sample } of samples) output.emit({ event: 'sample', ...sample });
          output.say(`\n${samples.slice(0, shownSamples).map(sampleText).join('\n\n')}\n`);
          const names = Object.keys(metrics)
            .filter((name) => name !== 'accuracy')
            .sort();
          output.say(
            formatTable(
              [{ title: 'METRIC' }, { title: 'MEAN', align: 'right' }],
              names.map((name) => [name, formatNumber(metrics[name])]),
            ),
          );
          output.say(`\n${output.paint('bold', `Accuracy ${formatPercent(metrics['accuracy'])}`)}`);
          output.emit({
            event: 'result',
            model: folder,
            dataset: config.eval_dataset,
            samples: samples.length,
            metrics,
          });
          return 0;
        } finally {
          session.dispose();
        }
      }),
    );
}

function sampleText({ row, prompt, text, reward, scores }: EvaluationSample): string {
  const rules = scores.map(
    ({ rule, score, why }) => `${rule} ${score === null ? 'does not apply' : formatNumber(score)}: ${oneLine(why)}`,
  );
  return `row ${row}  reward ${formatNumber(reward)}\nprompt: ${printable(prompt).trimEnd()}\nanswer: ${printable(text).trimEnd()}\n${indent(rules.join('\n'), 2)}`;
}
