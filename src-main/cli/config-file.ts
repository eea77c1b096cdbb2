/** Reads what configures a run, an evaluation or a sample, and holds it to the contract's schemas; every error names file, line and field. */
import { z } from 'zod';
import { grpoConfigSchema, sftConfigSchema, type RunConfig, type RunType } from '../contract/config.ts';
import { StudioError } from '../contract/errors.ts';
import { explainIssues } from './config-problems.ts';
import { readConfigSource, type ConfigInput, type Override } from './config-source.ts';

const pathFields = ['model', 'dataset', 'eval_dataset'];

export const runSchemas = { grpo: grpoConfigSchema, sft: sftConfigSchema };

/** The command that makes a run of a type. */
export const runCommands = { grpo: 'train', sft: 'sft' } as const satisfies Record<RunType, string>;

/** What `eval` takes from a config file; the other settings of a run may stand there too and are not used. */
const evaluationSchema = z
  .strictObject({ ...sftConfigSchema.shape, ...grpoConfigSchema.shape })
  .partial({ model: true, dataset: true });

export type EvaluationConfig = z.infer<typeof evaluationSchema>;

/** What `sample` takes. */
const sampleSchema = grpoConfigSchema
  .pick({
    max_completion_length: true,
    temperature: true,
    top_k: true,
    top_p: true,
    min_p: true,
    repetition_penalty: true,
    stop: true,
    seed: true,
    backend: true,
  })
  .extend({ num_generations: z.int().positive().default(1).describe('completions of the prompt') });

export type SampleConfig = z.infer<typeof sampleSchema>;

/** A configuration with something wrong in it; it is itself the first problem and carries all of them. */
export class ConfigError extends StudioError {
  readonly problems: StudioError[];

  constructor(problems: [StudioError, ...StudioError[]]) {
    super('config_invalid', problems[0].message, problems[0].where);
    this.problems = problems;
  }
}

/** Where a configuration comes from; `cwd` is the process's own unless given. */
export type ConfigFrom = Omit<ConfigInput, 'pathFields' | 'cwd'> & { cwd?: string };

/**
 * The configuration of a run.
 * @throws ConfigError when a field is wrong; StudioError when the file cannot be read or is no YAML mapping
 */
export function readRunConfig(type: RunType, from: ConfigFrom): RunConfig {
  const other = type === 'grpo' ? 'sft' : 'grpo';
  const hint = `It is a setting of \`grpo-studio ${runCommands[other]}\`.`;
  const elsewhere = new Map(Object.keys(runSchemas[other].shape).map((key) => [key, hint]));
  const config = validate(runSchemas[type], from, `\`grpo-studio ${runCommands[type]}\``, elsewhere);
  return { type, config } as RunConfig;
}

/** The reward rules, sampling settings and held-out rows of an evaluation; throws as `readRunConfig` does. */
export function readEvaluationConfig(from: ConfigFrom): EvaluationConfig {
  return validate(evaluationSchema, from, '`grpo-studio eval`');
}

/**
 * The settings of a sample; throws as `readRunConfig` does.
 * @param run the run whose policy is sampled, if it is one: its sampling settings are the ones to begin with
 */
export function readSampleConfig(overrides: Override[], run?: RunConfig): SampleConfig {
  const isSampling = (key: string) => key in sampleSchema.shape && key !== 'num_generations' && key !== 'backend';
  const base = Object.fromEntries(Object.entries(run?.config ?? {}).filter(([key]) => isSampling(key)));
  return validate(sampleSchema, { base, overrides }, '`grpo-studio sample`');
}

function validate<Schema extends z.ZodType>(
  schema: Schema,
  from: ConfigFrom,
  what: string,
  elsewhere?: ReadonlyMap<string, string>,
): z.output<Schema> {
  const source = readConfigSource({ cwd: process.cwd(), ...from, pathFields });
  const result = schema.safeParse(source.values);
  if (result.success) return result.data;
  const problems = explainIssues(schema, source.values, result.error.issues, what, elsewhere).map(
    ({ path, message }) => {
      const { origin, ...where } = source.locate(path);
      return new StudioError('config_invalid', origin ? `${message} (${origin})` : message, {
        ...where,
        field: path.join('.'),
      });
    },
  );
  problems.sort((a, b) => (a.where.line ?? Infinity) - (b.where.line ?? Infinity));
  throw new ConfigError(problems as [StudioError, ...StudioError[]]);
}
