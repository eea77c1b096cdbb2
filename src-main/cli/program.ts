/** The `grpo-studio` program: its commands, and the frame that each of them runs in. */
import { Command, CommanderError } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import { compareCommand } from './commands/compare.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { modelsCommand } from './commands/models.ts';
import { rewardsCommand } from './commands/rewards.ts';
import { runsCommand } from './commands/runs.ts';
import { sampleCommand } from './commands/sample.ts';
import { serveCommand } from './commands/serve.ts';
import { rewardModelCommand, sftCommand, trainCommand } from './commands/train.ts';
import { exitCodes, reportError } from './errors.ts';
import type { CommandContext } from './command-context.ts';
import { Output, type Streams } from './output.ts';
import { openStudio, type EngineParts } from './studio.ts';

const description = `Fine-tune small language models with GRPO on your own computer, and see what the training does.`;

const help = `
Begin with:
  grpo-studio doctor                                what this machine offers
  grpo-studio demo                                  a whole run in a few minutes
  grpo-studio train resources/configs/demo.yaml     the same from its config file
  grpo-studio runs show RUN                         what a run did
  grpo-studio explain RUN                           why its numbers are what they are, and what looks wrong

Data: everything goes to --data-dir, else $GRPO_STUDIO_HOME, else the application data folder of the system
(Linux: ~/.local/share/grpo-studio); the database there is studio.sqlite.
Exit codes: 0 done, 1 failed, 2 wrong command line or config file, 130 stopped by Ctrl-C and saved.`;

/**
 * Runs the command line.
 * @param words the arguments after the program's name
 * @param engine the engine room, or a test's stand-in
 * @param streams where it writes
 * @returns the exit code
 */
export async function runCli(words: string[], engine: EngineParts, streams: Streams = process): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const context: CommandContext = {
    engine,
    async run(options, action) {
      const output = new Output(options.json === true, streams);
      try {
        exitCode = await action(output);
      } catch (error) {
        exitCode = reportError(error, output);
      }
    },
    async withStudio(options, action) {
      const studio = openStudio(options.dataDir, engine);
      try {
        return await action(studio);
      } finally {
        await studio.close();
      }
    },
  };
  const program = new Command('grpo-studio')
    .description(description)
    .version(packageFile.version)
    .addHelpText('after', help);
  const factories = [
    trainCommand,
    sftCommand,
    rewardModelCommand,
    evalCommand,
    sampleCommand,
    runsCommand,
    explainCommand,
    compareCommand,
    rewardsCommand,
    exportCommand,
    modelsCommand,
    doctorCommand,
    demoCommand,
    serveCommand,
  ];
  for (const factory of factories) program.addCommand(factory(context));
  frame(program, streams);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  return exitCode;
}

/** Makes a command, and all below it, throw instead of ending the process, and point to its help after an error. */
function frame(command: Command, streams: Streams): void {
  command
    .exitOverride()
    .showHelpAfterError('Run it with --help to see what it takes.')
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    });
  for (const child of command.commands) frame(child, streams);
}
