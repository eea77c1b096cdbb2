/** `grpo-studio models`: the library of models that were imported or downloaded. */
import { Command } from 'commander';
import { StudioError } from '../../contract/errors.ts';
import type { ModelCard, ModelFacts } from '../../contract/models.ts';
import type { TransferProgress } from '../../services/models/copy-model.ts';
import { listHubCache } from '../../services/models/hub-cache.ts';
import type { CommandContext } from '../command-context.ts';
import { formatBytes, formatCount, formatPercent, formatTable, formatTime, indent, printable } from '../format.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import type { Output } from '../output.ts';

const listHelp = `
Examples:
  grpo-studio models list
  grpo-studio models list --cache      what other programs have in the Hugging Face cache

A run config may name a model of the library: \`model: SmolLM2-135M\`.`;

const importHelp = `
Examples:
  grpo-studio models import ~/my-model
  grpo-studio models import ~/.cache/huggingface/hub/models--HuggingFaceTB--SmolLM2-135M/snapshots/<commit>/config.json
  grpo-studio models import /mnt/big-model --link --name big

PATH is a model's folder, or any file in it. The model is checked first and copied whole or not at all; --link uses the
folder where it lies.`;

const downloadHelp = `
Examples:
  grpo-studio models download HuggingFaceTB/SmolLM2-135M
  grpo-studio models download meta-llama/Llama-3.2-1B --token hf_… --revision main

Only the files that are needed are fetched, each checked against the Hub's checksum. A download that was broken off goes on
where it was. Gated and private models need an access token: --token, else HF_TOKEN. With --offline, or HF_HUB_OFFLINE=1,
the network is never touched.`;

export function modelsCommand(context: CommandContext): Command {
  return new Command('models')
    .description('Shows and fills the library of models.')
    .summary('the library: import, download, look at models')
    .addCommand(list(context))
    .addCommand(importCommand(context))
    .addCommand(download(context))
    .addCommand(show(context))
    .addCommand(remove(context));
}

function list(context: CommandContext): Command {
  return command('list', 'all models', 'Lists the models of the library.', listHelp)
    .option('--cache', 'the models in the Hugging Face cache instead')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((options: CommonOptions & { cache?: boolean }) =>
      context.run(options, async (output) => {
        if (options.cache === true) return listCache(output);
        return context.withStudio(options, async ({ models, dataDirectory }) => {
          const cards = await models.list();
          for (const card of cards) output.emit(card);
          if (!output.json) output.say(cards.length === 0 ? `No models yet in ${dataDirectory}.` : modelTable(cards));
          return 0;
        });
      }),
    );
}

async function listCache(output: Output): Promise<number> {
  const cached = await listHubCache();
  for (const model of cached) output.emit(model);
  if (output.json) return 0;
  const rows = cached.map(({ id, references, bytes, folder, problem }) => [
    id,
    references.join(' '),
    problem === null ? formatBytes(bytes) : 'cannot be used',
    folder,
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'REVISION' },
    { title: 'SIZE', align: 'right' } as const,
    { title: 'FOLDER' },
  ];
  output.say(cached.length === 0 ? 'There are no models in the Hugging Face cache.' : formatTable(columns, rows));
  return 0;
}

function modelTable(cards: readonly ModelCard[]): string {
  return formatTable(
    [
      { title: 'MODEL' },
      { title: 'KIND' },
      { title: 'FAMILY' },
      { title: 'PARAMETERS', align: 'right' },
      { title: 'DTYPE' },
      { title: 'CONTEXT', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'LICENCE' },
    ],
    cards.map(({ name, facts, bytes, licence }) =>
      facts === null
        ? [name, 'cannot be used', '', '', '', '', formatBytes(bytes), '']
        : [
            name,
            facts.kind.replace('_', ' '),
            facts.family ?? `on ${facts.adapter?.base}`,
            formatCount(facts.parameters),
            facts.dtypes.join(' '),
            facts.contextLength === null ? '' : formatCount(facts.contextLength),
            formatBytes(bytes),
            licence ?? '',
          ],
    ),
  );
}

function importCommand(context: CommandContext): Command {
  return command('import', 'add a model from this disk', 'Adds a model from this disk to the library.', importHelp)
    .argument('<path>', "a model's folder, or a file in it")
    .option('--name <name>', 'its name in the library (default: the name of the folder)')
    .option('--link', 'use the folder where it lies')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((path: string, options: CommonOptions & { name?: string; link?: boolean }) =>
      context.run(options, (output) =>
        context.withStudio(options, ({ models }) =>
          transfer(output, 'imported', (progress) =>
            models.importModel({ path, name: options.name, link: options.link === true }, progress),
          ),
        ),
      ),
    );
}

interface DownloadOptions extends CommonOptions {
  revision?: string;
  token?: string;
  name?: string;
  offline?: boolean;
}

function download(context: CommandContext): Command {
  return command(
    'download',
    'add a model from the Hugging Face Hub',
    'Adds a model of the Hugging Face Hub to the library.',
    downloadHelp,
  )
    .argument('<id>', 'owner/name')
    .option('--revision <revision>', 'branch, tag or commit (default: main)')
    .option('--token <token>', 'access token (default: HF_TOKEN)')
    .option('--name <name>', 'its name in the library (default: the last part of the id)')
    .option('--offline', 'never touch the network')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((id: string, { revision, token, name, offline = false, ...options }: DownloadOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, ({ models }) =>
          transfer(output, 'downloaded', (progress) =>
            models.download({ id, revision, token, name, offline }, progress),
          ),
        ),
      ),
    );
}

/** Follows an import or a download to its end. Ctrl-C breaks it off. */
async function transfer(
  output: Output,
  event: string,
  work: (progress: TransferProgress) => Promise<string>,
): Promise<number> {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new StudioError('io_failed', 'It was broken off; nothing was added.'));
  process.once('SIGINT', cancel);
  try {
    const report = (share: number | null, message: string): void => {
      if (output.isTerminal) output.live([share === null ? message : `${message}  ${formatPercent(share)}`]);
    };
    const name = await work({ report, signal: controller.signal });
    output.clearLive();
    output.emit({ event, name });
    output.say(`The library has the model ${name}. Look at it: grpo-studio models show ${name}`);
    return 0;
  } catch (error) {
    throw controller.signal.aborted ? (controller.signal.reason as Error) : error;
  } finally {
    output.clearLive();
    process.off('SIGINT', cancel);
  }
}

function show(context: CommandContext): Command {
  return command(
    'show',
    'the card of a model',
    'Shows the card of a model of the library.',
    'Under --json it is one line.',
  )
    .argument('<name>', 'its name in the library')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((name: string, options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, async ({ models }) => {
          const card = await models.card(name);
          output.emit(card);
          if (!output.json) output.say(cardText(card));
          return 0;
        }),
      ),
    );
}

function cardText({ name, folder, linked, origin, bytes, licence, facts, problem, usedBy }: ModelCard): string {
  const lines: [string, string | null][] = [
    ['Model', name],
    ['Folder', linked ? `${folder} (linked)` : folder],
    ['From', origin.revision === null ? origin.source : `${origin.source} at ${origin.revision}`],
    ['Added', origin.addedAt === '' ? null : formatTime(origin.addedAt)],
    ['Size', formatBytes(bytes)],
    ['Licence', licence],
    ['Cannot be used', problem?.message ?? null],
    ['Kind', facts?.kind.replace('_', ' ') ?? null],
    ['Family', facts?.family ?? null],
    ['Architecture', facts?.architecture ?? null],
    ['Parameters', facts === null ? null : `${formatCount(facts.parameters)} (${facts.dtypes.join(', ')})`],
    ['Context', tokens(facts?.contextLength)],
    ['Vocabulary', tokens(facts?.vocabulary)],
    ['Ends at', facts === null || facts.endTokens.length === 0 ? null : facts.endTokens.join(' ')],
    ['Base model', facts?.adapter?.base ?? null],
    ['Rank', rankOf(facts)],
    ['Used by', [...usedBy.runs.map((run) => run.name), ...usedBy.adapters].join(', ') || null],
  ];
  const shown = lines.filter((line): line is [string, string] => line[1] !== null);
  const table = shown.map(([title, value]) => `${`${title}:`.padEnd(16)}${value}`).join('\n');
  const preview = facts?.templatePreview ?? null;
  return preview === null ? table : `${table}\nChat template:\n${indent(printable(preview), 2)}`;
}

function tokens(count: number | null | undefined): string | null {
  return typeof count === 'number' ? `${formatCount(count)} tokens` : null;
}

function rankOf(facts: ModelFacts | null): string | null {
  const adapter = facts?.adapter ?? null;
  return adapter === null ? null : `${adapter.rank} on ${adapter.targetModules.join(', ')}`;
}

function remove(context: CommandContext): Command {
  const help = "A linked model's own folder is left as it is.";
  return command('remove', 'take a model out', 'Removes a model from the library, with its files.', help)
    .argument('<name>', 'its name in the library')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((name: string, options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, async ({ models }) => {
          await models.remove(name);
          output.emit({ event: 'removed', name });
          output.say(`Removed ${name}.`);
          return 0;
        }),
      ),
    );
}
