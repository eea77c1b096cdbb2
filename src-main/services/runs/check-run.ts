/** Says what is wrong with the settings of a run while a person is still choosing them. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { ConfigProblem, RunCheck } from '../../contract/api/runs.ts';
import type { RunConfig, RunType } from '../../contract/config.ts';
import { withPreset } from '../../contract/presets.ts';
import { checkValues } from '../config/check-values.ts';
import { runSchemas } from '../config/config-file.ts';
import type { Problem } from '../config/config-problems.ts';
import { isModelFolder } from './model-folder.ts';

const names: Record<RunType, string> = { grpo: 'a GRPO run', sft: 'an SFT run', reward_model: 'a reward model run' };

/** A model of the library. */
export interface NamedModel {
  name: string;
  path: string;
}

/** What has been found out about settings, with the whole configuration when nothing is wrong. */
export interface CheckedRun extends RunCheck {
  run: RunConfig | null;
}

/**
 * Reads no rows: quick enough to be asked while someone types. `~` stands for the home folder.
 * @param models those that may be named instead of their path
 */
export async function checkRun(
  type: RunType,
  given: Record<string, unknown>,
  models: readonly NamedModel[] = [],
): Promise<CheckedRun> {
  const named = models.find(({ name }) => name === given['model']);
  const values = withHomeFolder(named === undefined ? given : { ...given, model: named.path });
  const { config, problems } = await checkValues(runSchemas[type], values, names[type]);
  const all = [...problems.map(toRecord), ...pathProblems(values)];
  const run = config === null || all.length > 0 ? null : ({ type, config } as RunConfig);
  return { problems: all, config: run?.config ?? null, run, fromPreset: type === 'grpo' ? fromPreset(given) : {} };
}

/** @param lineOf of a field in the text that the settings come from */
export function toRecord({ path, message }: Problem): ConfigProblem {
  return { field: path.join('.'), message };
}

function fromPreset(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(withPreset(given)).filter(([key]) => !(key in given)));
}

const pathFields = ['model', 'dataset', 'eval_dataset'] as const;

function withHomeFolder(values: Record<string, unknown>): Record<string, unknown> {
  const expanded = pathFields.flatMap((field) => {
    const value = values[field];
    return typeof value === 'string' && /^~(?=$|[/\\])/.test(value) ? [[field, join(homedir(), value.slice(1))]] : [];
  });
  return { ...values, ...(Object.fromEntries(expanded) as Record<string, unknown>) };
}

function pathProblems(values: Record<string, unknown>): ConfigProblem[] {
  return pathFields.flatMap((field) => {
    const path = values[field];
    if (typeof path !== 'string' || path === '') return [];
    const problem = (message: string) => [{ field, message }];
    if (!isAbsolute(path)) return problem(`${path} is only a part of a path; give the whole one, from its root on.`);
    if (!existsSync(path)) return problem(`${path} does not exist.`);
    if (field === 'model' && !isModelFolder(path)) return problem(`${path} is no model folder: it has no config.json.`);
    return [];
  });
}
