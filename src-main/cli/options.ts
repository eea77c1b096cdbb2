/** Options that several commands share, and how their values become overrides of a configuration. */
import { Command, Option } from 'commander';
import { backendNames } from '../contract/config.ts';
import { parseSetOption, type Override } from '../services/config/config-source.ts';

export interface CommonOptions {
  dataDir?: string;
  json?: boolean;
}

export interface SettingOptions {
  set: string[];
  backend?: string;
  seed?: string;
  name?: string;
  maxSteps?: string;
}

export const dataDirOption = () =>
  new Option(
    '--data-dir <folder>',
    'folder of the database and the runs (default: GRPO_STUDIO_HOME, else the application data folder)',
  );

export const jsonOption = () =>
  new Option('--json', 'JSON lines on stdout, for programs; what is for people goes to stderr');

export const setOption = () =>
  new Option('--set <key=value>', 'override a setting, as often as needed; dotted into lists: rewards.0.weight=0.5')
    .argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
    .default([], 'none');

export const backendOption = () =>
  new Option('--backend <name>', 'tensor backend; auto takes the best one here').choices(backendNames);

export const seedOption = () => new Option('--seed <number>', 'seed of data order and sampling');

/** Settings in the order in which they win: `--set`, then the options with a name of their own. */
export function overridesOf({ set, backend, seed, name, maxSteps }: SettingOptions): Override[] {
  return [
    ...set.map(parseSetOption),
    ...option('--backend', ['backend'], backend),
    ...option('--seed', ['seed'], numeric(seed)),
    ...option('--name', ['name'], name),
    ...option('--steps', ['max_steps'], numeric(maxSteps)),
  ];
}

/** The override that an option stands for; none when it was not given. */
export function option(flag: string, path: Override['path'], value: string | number | undefined): Override[] {
  return value === undefined ? [] : [{ path, value, origin: `${flag} ${value}` }];
}

/** A number where the text is one; other text stays, for the validation to say what is wrong with it. */
export function numeric(text: string | undefined): number | string | undefined {
  return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/** A command whose help ends in examples and notes. */
export function command(name: string, summary: string, description: string, help: string): Command {
  return new Command(name).summary(summary).description(description).addHelpText('after', `\n${help.trim()}`);
}
