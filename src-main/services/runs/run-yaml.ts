/** The settings of a run as the YAML file that the command line takes, and back. */
import { stringify } from 'yaml';
import type { YamlReading } from '../../contract/api/runs.ts';
import type { RunType } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { runCommands, runSchemas } from '../config/config-file.ts';
import { readConfigText } from '../config/config-source.ts';
import { checkRun, type NamedModel } from './check-run.ts';

/** The settings in the order of the contract, as they were given: defaults stay out. */
export function toYaml(type: RunType, values: Record<string, unknown>): string {
  const known = Object.keys(runSchemas[type].shape);
  const rank = (key: string) => (known.includes(key) ? known.indexOf(key) : known.length);
  const ordered = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .sort(([first], [second]) => rank(first) - rank(second));
  const settings = ordered.length === 0 ? '' : stringify(Object.fromEntries(ordered), { lineWidth: 120 });
  return `# grpo-studio ${runCommands[type]} THIS-FILE.yaml\n${settings}`;
}

/** Reads what a person has written so far; every problem has its line. */
export async function fromYaml(type: RunType, text: string, models: readonly NamedModel[] = []): Promise<YamlReading> {
  try {
    const { values, lineOf } = readConfigText(text);
    const { problems } = await checkRun(type, values, models);
    const placed = problems.map((problem) => {
      const line = lineOf(problem.field.split('.'));
      return line === null ? problem : { ...problem, line };
    });
    return { values, problems: placed };
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const { line } = error.where;
    return { values: null, problems: [{ field: '', message: error.message, ...(line === undefined ? {} : { line }) }] };
  }
}
