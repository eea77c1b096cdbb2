/** Reads what configures a run, an evaluation or a sample, and holds it to the contract's schemas; every error names file, line and field. */
import { z } from 'zod';
import {
  grpoConfigSchema,
  rewardModelConfigSchema,
  sftConfigSchema,
  type RunConfig,
  type RunType,
} from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { checkValues } from './check-values.ts';
import { readConfigSource, type ConfigInput, type ConfigSource, type Override, type Path } from './config-source.ts';

const pathFields = ['model', 'dataset', 'eval_dataset'];

export const runSchemas = { grpo: grpoConfigSchema, sft: sftConfigSchema, reward_model: rewardModelConfigSchema };

/** The command that makes a run of a type. */
export const runCommands = { grpo: 'train', sft: 'sft', reward_model: 'reward-model' } as const satisfies Record<
  RunType,
  string
>;

/** What `eval` takes from a config file; the other settings of a run may stand there too and are not used. */
const evaluationSchema = z
  .strictObject({ ...sftConfigSchema.shape, ...grpoConfigSchema.shape })
  .partial({ model: true, dataset: true });

export type EvaluationConfig = z.infer<typeof evaluationSchema>;

/** What `sample` takes. */
const sampleSchema = grpoConfigSchema
  .pick({
    max_completion_length: true,
    min_completion_length: true,
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
export async function readRunConfig<Type extends RunType>(
  type: Type,
  from: ConfigFrom,
): Promise<Extract<RunConfig, { type: Type }>> {
  const elsewhere = new Map(
    (['reward_model', 'sft', 'grpo'] as const).flatMap((other) => {
      const hint = `It is a setting of \`grpo-studio ${runCommands[other]}\`.`;
      return Object.keys(runSchemas[other].shape).map((key) => [key, hint]);
    }),
  );
  const config = await validate(runSchemas[type], from, `\`grpo-studio ${runCommands[type]}\``, elsewhere);
  return { type, config } as Extract<RunConfig, { type: Type }>;
}

/** The reward rules, sampling settings and held-out rows of an evaluation; throws as `readRunConfig` does. */
export function readEvaluationConfig(from: ConfigFrom): Promise<EvaluationConfig> {
  return validate(evaluationSchema, from, '`grpo-studio eval`');
}

/**
 * The settings of a sample; throws as `readRunConfig` does.
 * @param run the run whose policy is sampled, if it is one: its sampling settings are the ones to begin with
 */
export function readSampleConfig(overrides: Override[], run?: RunConfig): Promise<SampleConfig> {
  const isSampling = (key: string) => key in sampleSchema.shape && key !== 'num_generations' && key !== 'backend';
  const base = Object.fromEntries(Object.entries(run?.config ?? {}).filter(([key]) => isSampling(key)));
  return validate(sampleSchema, { base, overrides }, '`grpo-studio sample`');
}

async function validate<Schema extends z.ZodType>(
  schema: Schema,
  from: ConfigFrom,
  what: string,
  elsewhere?: ReadonlyMap<string, string>,
): Promise<z.output<Schema>> {
  const source = readConfigSource({ cwd: process.cwd(), ...from, pathFields });
  const { config, problems } = await checkValues(schema, source.values, what, elsewhere);
  if (config !== null) return config;
  const placed = problems.map(({ path, message }) => problemAt(source, path, message));
  placed.sort((a, b) => (a.where.line ?? Infinity) - (b.where.line ?? Infinity));
  throw new ConfigError(placed as [StudioError, ...StudioError[]]);
}

/** A problem with the place it comes from: file and line, or the option. */
function problemAt(source: ConfigSource, path: Path, message: string): StudioError {
  const { origin, ...where } = source.locate(path);
  const field = path.join('.');
  return new StudioError('config_invalid', origin ? `${message} (${origin})` : message, { ...where, field });
}
