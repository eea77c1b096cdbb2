/** `grpo-studio sample`: completions of one prompt by a model or a run's newest checkpoint. */
import type { Command } from 'commander';
import type { Prompt } from '../../contract/dataset.ts';
import { readSampleConfig } from '../../services/config/config-file.ts';
import { formatNumber, plural, printable } from '../format.ts';
import {
  backendOption,
  command,
  dataDirOption,
  jsonOption,
  numeric,
  option,
  overridesOf,
  seedOption,
  setOption,
  type CommonOptions,
  type SettingOptions,
} from '../options.ts';
import { findPolicyFolder } from '../policy-folder.ts';
import type { CommandContext } from '../command-context.ts';
import { samplingOf } from '../studio.ts';

const help = `
Examples:
  grpo-studio sample resources/models/starter --prompt "What is 12 + 35?" --chat -n 4
  grpo-studio sample 20261122-1748-7f3a --prompt "Once upon a time" --temperature 0.7 --seed 3
  grpo-studio sample my-run --prompt "What is 2 + 2?" --chat --greedy --set max_completion_length=64

A run brings its sampling settings; --set changes any: max_completion_length, top_k, top_p, min_p, repetition_penalty, stop.
Nothing is written. Under --json every completion is a line with its token ids and log-probs.`;

interface SampleOptions extends CommonOptions, Pick<SettingOptions, 'set' | 'backend' | 'seed'> {
  prompt: string;
  chat?: boolean;
  count?: string;
  temperature?: string;
  greedy?: boolean;
}

export function sampleCommand(context: CommandContext): Command {
  return command('sample', 'completions of a prompt', 'Prints completions of a prompt.', help)
    .argument('<model-or-run>', 'model folder, or a run: its newest checkpoint')
    .requiredOption('--prompt <text>', 'the prompt, sent as it is')
    .option('--chat', "send the prompt as a user's message, through the model's chat template")
    .option('-n, --count <number>', 'completions (default: 1)')
    .option('--temperature <number>', 'divides the logits')
    .option('--greedy', 'take the likeliest token every time')
    .addOption(seedOption())
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((modelOrRun: string, options: SampleOptions) =>
      context.run(options, async (output) => {
        const { folder, run } = findPolicyFolder(modelOrRun, options.dataDir);
        const overrides = [
          ...overridesOf(options),
          ...option('--count', ['num_generations'], numeric(options.count)),
          ...option('--temperature', ['temperature'], numeric(options.temperature)),
        ];
        const config = await readSampleConfig(overrides, run?.run);
        const prompt: Prompt = options.chat === true ? [{ role: 'user', content: options.prompt }] : options.prompt;
        const session = await context.engine.openPolicy(folder, config.backend);
        try {
          const { num_generations, seed } = config;
          const groups = await session.sample([prompt], {
            ...samplingOf(config),
            num_generations,
            seed,
            greedy: options.greedy === true,
          });
          for (const { prompt: rendered, completions } of groups) {
            output.say(output.paint('dim', printable(rendered)));
            completions.forEach(({ text, tokens, logps, finishReason }, index) => {
              const logp = formatNumber(logps.reduce((sum, value) => sum + value, 0));
              const title = `── ${index + 1} of ${completions.length}: ${plural(tokens.length, 'token')}, ended by ${finishReason}, log-prob ${logp}`;
              output.say(`${output.paint('dim', title)}\n${printable(text)}`);
              output.emit({ event: 'completion', prompt: rendered, text, finish_reason: finishReason, tokens, logps });
            });
          }
          return 0;
        } finally {
          session.dispose();
        }
      }),
    );
}
