/** `grpo-studio rewards`: rule sets, tried out before a run is spent on them, and finished runs scored anew. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { DatasetRow } from '../../contract/dataset.ts';
import { StudioError } from '../../contract/errors.ts';
import type { RewardRule } from '../../contract/reward-rules.ts';
import { readDataset } from '../../datasets/read-dataset.ts';
import { rewardPresets } from '../../rewards/presets.ts';
import { benchDataset } from '../../services/rewards/bench/bench-dataset.ts';
import { benchRun } from '../../services/rewards/bench/bench-run.ts';
import { benchText } from '../../services/rewards/bench/bench-text.ts';
import type { BenchOptions } from '../../services/rewards/bench/bench.ts';
import { rescoreRun } from '../../services/rewards/bench/rescore-run.ts';
import { diffRewardSets } from '../../services/rewards/diff-reward-sets.ts';
import { findRewardSet } from '../../services/rewards/find-reward-set.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import type { CommandContext } from '../command-context.ts';
import { formatTable, formatTime } from '../format.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { isRewardSetFile, readRewardSetFile } from '../reward-set-file.ts';
import { differenceLines, rulesTable, sayBench, sayGold, sayRescore, saySamples } from '../rewards-view.ts';
import type { Studio } from '../studio.ts';
import { wholeNumber } from './runs.ts';

const setHelp = `SET is a YAML or JSON file (a list of rules, or a config with such a list in \`rewards\`), a preset, a saved set
(NAME, NAME@VERSION or NAME@HASH), or a run: the rules it was trained with.`;

const help = `
Examples:
  grpo-studio rewards test arithmetic --on dataset train.jsonl     does a perfect answer get the maximum?
  grpo-studio rewards test rules.yaml --on run my-run --step 40    what the rules say of stored completions
  grpo-studio rewards test gsm8k --on text "It is 42." --dataset train.jsonl --row 0
  grpo-studio rewards rescore my-run --with rules.yaml             what edited rules would have changed
  grpo-studio rewards save rules.yaml --name mine && grpo-studio rewards diff mine@1 mine@2

${setHelp}`;

export function rewardsCommand(context: CommandContext): Command {
  const group = command(
    'rewards',
    'reward rules: test, compare, save',
    'Tries out, compares and saves sets of reward rules.',
    help,
  );
  for (const sub of [testCommand, rescoreCommand, listCommand, showCommand, diffCommand, saveCommand])
    group.addCommand(sub(context));
  return group;
}

interface TestOptions extends CommonOptions {
  on: 'dataset' | 'run' | 'text';
  step?: string;
  row?: string;
  dataset?: string;
  model?: string;
  limit?: string;
}

function testCommand(context: CommandContext): Command {
  const notes = `
--on dataset FILE   a perfect answer for each row, written as the rules want it: does it get the maximum?
--on run RUN        the stored completions of a run, or of one --step
--on text TEXT …    texts of yours, as the group of one row: --dataset FILE --row N
${setHelp}`;
  return command('test', 'score gold answers, a run, or a text', 'Scores by a rule set, without a model.', notes)
    .argument('<set>', 'file, preset, saved set or run')
    .argument('<what...>', 'the dataset file, the run, or the texts')
    .addOption(new Option('--on <kind>', 'what is scored').choices(['dataset', 'run', 'text']).makeOptionMandatory())
    .option('--step <number>', 'of a run: this step alone')
    .option('--row <number>', 'for a text: the row of --dataset that it answers, from 0')
    .option('--dataset <file>', 'for a text: where its row is; for a run: where its dataset lies now')
    .option('--model <folder>', 'model whose tokenizer counts tokens (default: words and marks are counted)')
    .option('--limit <number>', 'score at most so many rows or steps')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((set: string, what: string[], options: TestOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, (studio) => test(studio, set, what, options, output)),
      ),
    );
}

async function test(
  studio: Studio,
  set: string,
  what: string[],
  options: TestOptions,
  output: Output,
): Promise<number> {
  const rules = await readSet(studio, set);
  const limit = options.limit === undefined ? undefined : wholeNumber('--limit', options.limit);
  const bench = { ...benchOptions(studio, output), ...(await tokenizerOf(options.model)) };
  if (options.on === 'text') {
    const report = await benchText(rules, what, await rowOf(options), { ...bench, keep: 1 });
    output.emit(report);
    saySamples(report, output);
    output.say('');
    sayBench(report, output);
    return 0;
  }
  const [name, ...more] = what;
  if (more.length > 0)
    throw new StudioError('config_invalid', `--on ${options.on} takes one name, not ${what.length}.`);
  if (options.on === 'run') {
    const steps = options.step === undefined ? undefined : [wholeNumber('--step', options.step)];
    const report = await benchRun(studio.store.reader, name, rules, {
      ...bench,
      steps,
      limit,
      dataset: options.dataset,
    });
    output.emit(report);
    sayBench(report, output);
    saySamples(report, output);
    return 0;
  }
  const rows = await readDataset(name);
  const report = await benchDataset(rules, rows.slice(0, limit), bench);
  output.emit(report);
  sayGold(report, output);
  return report.gold.imperfect.length === 0 ? 0 : 1;
}

async function rowOf({ dataset, row }: TestOptions): Promise<DatasetRow | null> {
  if (dataset === undefined) {
    if (row === undefined) return null;
    throw new StudioError('config_invalid', '--row names a row of --dataset, which is missing.', { field: 'dataset' });
  }
  const rows = await readDataset(dataset);
  const index = Number(row ?? 0);
  const found = rows[index];
  if (found !== undefined) return found;
  const sentence = `--row must be a whole number from 0 to ${rows.length - 1}, not ${row}.`;
  throw new StudioError('config_invalid', sentence, { field: 'row' });
}

interface RescoreOptions extends CommonOptions {
  with: string;
  dataset?: string;
  limit?: string;
}

function rescoreCommand(context: CommandContext): Command {
  const notes = `The run's completions are scored by the other rules, and both rankings are compared. Nothing is written.\n${setHelp}`;
  return command('rescore', 'a finished run by other rules', 'Says what other rules would have said of a run.', notes)
    .argument('<run>', 'id, the beginning of it, or name')
    .requiredOption('--with <set>', 'file, preset, saved set or run')
    .option('--dataset <file>', "the run's dataset, where it has moved")
    .option('--limit <number>', 'score at most so many steps, evenly spread')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((run: string, options: RescoreOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, async (studio) => {
          const rules = await readSet(studio, options.with);
          const limit = options.limit === undefined ? undefined : wholeNumber('--limit', options.limit);
          const choice = { limit, dataset: options.dataset, ...benchOptions(studio, output) };
          const report = await rescoreRun(studio.store.reader, run, rules, choice);
          output.emit(report);
          sayRescore(report, output);
          return 0;
        }),
      ),
    );
}

function listCommand(context: CommandContext): Command {
  return command('list', 'presets and saved sets', 'Lists presets and saved sets.', '')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, ({ store: { reader } }) => {
          const presets = Object.entries(rewardPresets).map(([name, { description }]) => ({ name, description }));
          const saved = reader.listRewardSets();
          output.emit({ presets, saved });
          output.say(
            formatTable(
              [{ title: 'PRESET' }, { title: 'WHAT IT REWARDS' }],
              presets.map(({ name, description }) => [name, description]),
            ),
          );
          if (saved.length === 0) return 0;
          const rows = saved.map(({ name, version, hash, savedAt }) => [
            name,
            String(version),
            hash.slice(0, 8),
            formatTime(savedAt),
          ]);
          const columns = [{ title: 'SAVED' }, { title: 'VERSION' }, { title: 'HASH' }, { title: 'AT' }];
          output.say(`\n${formatTable(columns, rows)}`);
          return 0;
        }),
      ),
    );
}

function showCommand(context: CommandContext): Command {
  return command('show', 'the rules of a set', 'Shows the rules of a set.', setHelp)
    .argument('<set>', 'file, preset, saved set or run')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((set: string, options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, async (studio) => {
          const rewards = await readSet(studio, set);
          const history = studio.store.reader.rewardSetHistory(set);
          output.emit({ rewards, history });
          output.say(rulesTable(rewards));
          for (const { version, hash, savedAt } of history)
            output.say(`version ${version}  ${hash.slice(0, 8)}  ${formatTime(savedAt)}`);
          return 0;
        }),
      ),
    );
}

function diffCommand(context: CommandContext): Command {
  return command('diff', 'what differs between two sets', 'Shows what differs between two sets, or two runs.', setHelp)
    .argument('<before>', 'file, preset, saved set or run')
    .argument('<after>', 'the same')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((before: string, after: string, options: CommonOptions) =>
      context.run(options, (output) =>
        context.withStudio(options, async (studio) => {
          const differences = diffRewardSets(await readSet(studio, before), await readSet(studio, after));
          output.emit({ differences });
          for (const line of differenceLines(differences)) output.say(line);
          return 0;
        }),
      ),
    );
}

function saveCommand(context: CommandContext): Command {
  const notes = `Rules equal to the newest version make no new one.\n${setHelp}`;
  return command('save', 'keep a set under a name', 'Saves a set as the next version of a name.', notes)
    .argument('<set>', 'file, preset, saved set or run')
    .requiredOption('--name <name>', 'letters, digits, _, . and -')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((set: string, options: CommonOptions & { name: string }) =>
      context.run(options, (output) =>
        context.withStudio(options, async (studio) => {
          if (!/^[A-Za-z0-9_.-]+$/.test(options.name)) {
            const sentence = `--name takes letters, digits, _, . and - only, not ${JSON.stringify(options.name)}.`;
            throw new StudioError('config_invalid', sentence, { field: 'name' });
          }
          const saved = studio.store.writer.saveRewardSet(options.name, await readSet(studio, set));
          output.emit(saved);
          output.say(`Saved ${saved.name}, version ${saved.version} (${saved.hash.slice(0, 8)}).`);
          return 0;
        }),
      ),
    );
}

async function readSet(studio: Studio, name: string): Promise<RewardRule[]> {
  return isRewardSetFile(name) ? readRewardSetFile(name) : findRewardSet(studio.store.reader, name).rules;
}

function benchOptions({ dataDirectory }: Studio, output: Output): BenchOptions {
  return {
    compile: { judgeReplies: join(dataDirectory, 'judge-replies') },
    onProgress: (share, message) => {
      if (output.isTerminal && share < 1) output.live([`${Math.round(share * 100)}%, ${message}`]);
    },
  };
}

async function tokenizerOf(model: string | undefined) {
  if (model === undefined) return {};
  const tokenizer = await loadTokenizer(model);
  return { tokenize: (text: string) => [...tokenizer.encode(text), ...tokenizer.eosTokenIds.slice(0, 1)] };
}
