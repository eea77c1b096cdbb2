/** `grpo-studio export`: a trained model in the form that another tool takes. */
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { exportFormats, ggufTypes, type ExportFormat, type ExportRequest } from '../../export/export-model.ts';
import { exportTrainedModel } from '../../services/export.ts';
import type { CommandContext } from '../command-context.ts';
import { formatTable } from '../format.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import { findPolicyFolder } from '../policy-folder.ts';
import { wholeNumber } from './runs.ts';

const help = `
Examples:
  grpo-studio export my-run --format adapter --out my-adapter
  grpo-studio export my-run --format huggingface --dtype bfloat16 --out my-model
  grpo-studio export my-run --step 40 --format gguf --type q8_0 --out my-gguf
  grpo-studio export my-run --format ollama --out my-ollama && ollama create my-model -f my-ollama/Modelfile

Forms:
  adapter      the LoRA adapter alone, as PEFT loads it beside its base model
  huggingface  all weights, the adapter merged in, as transformers loads them
  gguf         one file for llama.cpp and what is built on it, with tokenizer and chat template
  ollama       the same with a Modelfile
The folder is there whole afterwards or not at all; an existing one is replaced with --force, if it holds an export.`;

interface ExportOptions extends CommonOptions {
  format: ExportFormat;
  out: string;
  type?: ExportRequest['type'];
  dtype?: ExportRequest['dtype'];
  step?: string;
  force?: boolean;
}

export function exportCommand(context: CommandContext): Command {
  return command('export', 'a trained model for other tools', 'Exports a trained model for other tools.', help)
    .argument('<run-or-folder>', "a run: its newest checkpoint; or a model's or an adapter's folder")
    .addOption(new Option('--format <form>', 'what to make').choices(exportFormats).makeOptionMandatory())
    .requiredOption('--out <folder>', 'the folder to make')
    .addOption(new Option('--type <type>', 'number format of gguf and ollama (default: f16)').choices(ggufTypes))
    .addOption(
      new Option('--dtype <type>', "number format of huggingface (default: the base model's)").choices([
        'float32',
        'float16',
        'bfloat16',
      ]),
    )
    .option('--step <number>', "the run's checkpoint of this step (default: the newest)")
    .option('--force', 'replace an earlier export in the same place')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((source: string, options: ExportOptions) =>
      context.run(options, async (output) => {
        const { format, out, type, dtype, force = false } = options;
        const step = options.step === undefined ? undefined : wholeNumber('--step', options.step);
        const { folder, run } = findPolicyFolder(source, options.dataDir, step);
        const report = await exportTrainedModel({
          source: folder,
          format,
          out: resolve(out),
          force,
          ...(run === null ? {} : { name: run.name }),
          ...(type === undefined ? {} : { type }),
          ...(dtype === undefined ? {} : { dtype }),
        });
        output.emit({ event: 'exported', source: folder, format, ...report });
        output.say(`Exported ${folder} to ${report.folder}:`);
        output.say(fileTable(report.files));
        for (const note of report.notes) output.say(`Note: ${note}`);
        return 0;
      }),
    );
}

function fileTable(files: readonly { name: string; bytes: number }[]): string {
  return formatTable(
    [{ title: 'FILE' }, { title: 'BYTES', align: 'right' }],
    files.map(({ name, bytes }) => [name, bytes.toLocaleString('en-US')]),
  );
}
