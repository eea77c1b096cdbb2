/** `grpo-studio demo`: a whole GRPO run on the starter model that comes with the studio. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { readRunConfig } from '../../services/config/config-file.ts';
import { runNew } from '../drive-run.ts';
import {
  backendOption,
  command,
  dataDirOption,
  jsonOption,
  overridesOf,
  seedOption,
  type CommonOptions,
  type SettingOptions,
} from '../options.ts';
import type { CommandContext } from '../command-context.ts';

const demoConfig = join(import.meta.dirname, '../../../resources/configs/demo.yaml');

const help = `
Examples:
  npm run demo
  npm run -s demo -- --seed 2 --steps 20 --json

Settings: resources/configs/demo.yaml. The run goes to the database as any other: grpo-studio runs show RUN.
Under --json the last line holds eval_before, eval_after (greedy held-out accuracy), seconds, steps and run_id.`;

export function demoCommand(context: CommandContext): Command {
  return command(
    'demo',
    'a GRPO run on the starter model, in minutes',
    'Trains the starter model with GRPO on additions, on this machine.',
    help,
  )
    .addOption(seedOption())
    .option('--steps <number>', 'steps to run')
    .addOption(backendOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((options: CommonOptions & Omit<SettingOptions, 'set' | 'maxSteps'> & { steps?: string }) =>
      context.run(options, async (output) => {
        const { steps, ...rest } = options;
        const overrides = overridesOf({ ...rest, set: [], ...(steps === undefined ? {} : { maxSteps: steps }) });
        const config = await readRunConfig('grpo', { file: demoConfig, overrides });
        return context.withStudio(options, (studio) => runNew(studio, config, output));
      }),
    );
}
