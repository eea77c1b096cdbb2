/** `grpo-studio train`, `grpo-studio sft` and `grpo-studio reward-model`: make a run from a config file, or resume one. */
import type { Command } from 'commander';
import type { RunType } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { readRunConfig, runSchemas } from '../../services/config/config-file.ts';
import { resolveDataDirectory } from '../../services/data-directory.ts';
import { libraryFolder } from '../../services/models/library-folder.ts';
import { runNew, runResumed } from '../drive-run.ts';
import {
  backendOption,
  command,
  dataDirOption,
  jsonOption,
  overridesOf,
  seedOption,
  setOption,
  type CommonOptions,
  type SettingOptions,
} from '../options.ts';
import type { CommandContext } from '../command-context.ts';
import { settingsHelp } from '../settings-help.ts';

interface TrainOptions extends CommonOptions, SettingOptions {
  resume?: string;
  ignoreMemory?: boolean;
}

const notes = `
The config file is YAML; resources/configs holds examples, and relative paths in it start at its own folder.
Ctrl-C finishes the step, saves a checkpoint and says how to resume; a second Ctrl-C ends at once.
Every step, completion, log-prob and score goes to studio.sqlite in the data folder, checkpoints to runs/<id>/checkpoints
there; each checkpoint is a Hugging Face folder.
Under --json the last line is {"event":"result","run_id":…,"status":…,"steps":…,"eval_before":…,"eval_after":…,"seconds":…}.`;

export function trainCommand(context: CommandContext): Command {
  const examples = `
Examples:
  grpo-studio train resources/configs/demo.yaml
  grpo-studio train my.yaml --set learning_rate=1e-5 --set rewards.0.weight=0.5 --seed 2
  grpo-studio train --resume 20261122-1748-7f3a
${notes}`;
  return runCommand(
    'train',
    'grpo',
    'train a policy with GRPO',
    'Trains a policy with GRPO on the prompts of a dataset.',
    examples,
    context,
  );
}

export function sftCommand(context: CommandContext): Command {
  const examples = `
Examples:
  grpo-studio sft my.yaml
  grpo-studio sft my.yaml --set batch_size=16 --name warm-up
${notes}`;
  const description = 'Trains a model to write the completions of a dataset (cross-entropy on completion tokens).';
  return runCommand('sft', 'sft', 'teach a model from examples, before GRPO', description, examples, context);
}

export function rewardModelCommand(context: CommandContext): Command {
  const examples = `
Examples:
  grpo-studio reward-model my.yaml
  grpo-studio reward-model my.yaml --set batch_size=16 --name judge

Rows of the dataset hold \`prompt\`, \`chosen\` and \`rejected\` (Bradley–Terry loss), or \`prompt\`, \`completion\` and
\`score\` (squared error). Checkpoints open in transformers as AutoModelForSequenceClassification.
${notes}`;
  return runCommand(
    'reward-model',
    'reward_model',
    'teach a model to judge completions',
    'Trains a reward model, which gives a completion a score, from ranked or scored completions.',
    examples,
    context,
  );
}

function runCommand(
  name: string,
  type: RunType,
  summary: string,
  description: string,
  help: string,
  context: CommandContext,
): Command {
  return command(
    name,
    summary,
    description,
    `${help}\n\nSettings of the config file:\n${settingsHelp(runSchemas[type])}`,
  )
    .argument('[config]', 'YAML file with the settings of the run')
    .option(
      '--resume <run>',
      'go on with a stopped, failed or interrupted run: its id, the beginning of it, or its name',
    )
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(seedOption())
    .option('--name <name>', 'a name for the run')
    .option('--ignore-memory', 'begin even a run that does not fit into the memory that is free')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((file: string | undefined, options: TrainOptions) =>
      context.run(options, async (output) => {
        if (options.resume !== undefined) {
          const overrides = overridesOf(options);
          if (file !== undefined || overrides.length > 0) {
            const extra = file ?? overrides[0].origin;
            throw new StudioError(
              'config_invalid',
              `--resume goes on with the run's own settings; leave out \`${extra}\`.`,
            );
          }
          const { resume } = options;
          return context.withStudio(options, (studio) => runResumed(studio, resume, output, options));
        }
        if (file === undefined) {
          throw new StudioError(
            'config_invalid',
            `Name a config file, or a run to go on with: grpo-studio ${name} CONFIG.yaml, or --resume RUN.`,
          );
        }
        const config = await readRunConfig(type, {
          file,
          overrides: overridesOf(options),
          library: libraryFolder(resolveDataDirectory({ flag: options.dataDir })),
        });
        return context.withStudio(options, (studio) => runNew(studio, config, output, options));
      }),
    );
}
