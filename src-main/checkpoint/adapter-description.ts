/** What adapter_config.json of a PEFT adapter says; refuses what this version would compute wrongly. */
import { join } from 'node:path';
import { z } from 'zod';
import { StudioError } from '../contract/errors.ts';
import { requireBase } from './adapter-base.ts';
import { readJsonFile } from './checkpoint-files.ts';
import { expressionFault, isTarget } from './lora-targets.ts';

export const ADAPTER_CONFIG_FILE = 'adapter_config.json';
export const ADAPTER_WEIGHTS_FILE = 'adapter_model.safetensors';

/** What to do about an adapter that cannot be used as it is. */
const MERGE_FIRST = 'merge the adapter into its model with PEFT first';

/** Fields that do not change what a loaded adapter computes. Any field not named in this file must be empty. */
const WITHOUT_EFFECT = [
  'auto_mapping',
  'ensure_weight_tying', // acts on modules_to_save only
  'inference_mode',
  'megatron_core', // without megatron_config
  'peft_version',
  'qalora_group_size', // without use_qalora
  'revision',
];

const patternSchema = (value: z.ZodNumber) =>
  z
    .record(z.string(), value)
    .nullish()
    .transform((patterns) => patterns ?? {});

const fileSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  task_type: z.enum(['CAUSAL_LM', 'SEQ_CLS']).nullish(),
  base_model_name_or_path: z.string().min(1),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  lora_dropout: z.number().min(0).lt(1).default(0),
  target_modules: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  rank_pattern: patternSchema(z.int().positive()),
  alpha_pattern: patternSchema(z.number().positive()),
  modules_to_save: z.array(z.string()).nullish(),
  bias: z.literal('none').default('none'),
  // Other ways to start an adapter change the base model as well.
  init_lora_weights: z.union([z.boolean(), z.enum(['gaussian', 'orthogonal'])]).default(true),
});

/** Fields whose other values ask for what is not implemented; a wrong value of any other field is a mistake in the file. */
const CHOICES = ['peft_type', 'task_type', 'bias', 'init_lora_weights'];

export const ALL_LINEAR = 'all-linear';

/** What PEFT can put an adapter on, and this version cannot. */
const NOT_ADAPTED = ['model.embed_tokens', 'lm_head'];

/** The head that PEFT trains beside the adapter of a reward model, whole; `classifier` is what other architectures call it. */
export const ADAPTER_HEADS = ['classifier', 'score'];

export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Names that the paths of the adapted layers end with, such as `q_proj`, or one regular expression over whole paths. */
  targetModules: readonly string[] | string;
  /** Scales by α/√r instead of α/r (rank-stabilised LoRA, arXiv 2312.03732). */
  rsLora: boolean;
  /** Share of the adapter's inputs that a training pass sets to zero. */
  dropout: number;
  /** Ranks of layers that have another than `rank`, by expressions over the end of their path. */
  rankPattern: Readonly<Record<string, number>>;
  /** The same for α. */
  alphaPattern: Readonly<Record<string, number>>;
}

export interface AdapterConfig {
  /** The base model as the file names it. */
  base: string;
  /** What the adapted model does: it writes, or it gives a text a score and has a trained head for that. */
  task: 'CAUSAL_LM' | 'SEQ_CLS';
  /** Here `all-linear` is not resolved yet. */
  settings: LoraSettings;
}

/** An adapter whose base model is at hand. */
export interface AdapterDescription extends Omit<AdapterConfig, 'base'> {
  folder: string;
  /** Folder of the model that the adapter stands on. */
  baseFolder: string;
}

/**
 * @returns null when the folder holds no adapter
 * @throws StudioError as `readAdapterConfig`, and `model_invalid` for a base model that is not on this disk
 */
export async function readAdapterDescription(folder: string): Promise<AdapterDescription | null> {
  const config = await readAdapterConfig(folder);
  if (config === null) return null;
  const { base, ...rest } = config;
  return { folder, baseFolder: await requireBase(folder, base, join(folder, ADAPTER_CONFIG_FILE)), ...rest };
}

/**
 * Without a look for the base model.
 *
 * @returns null when the folder holds no adapter
 * @throws StudioError `model_unsupported` for a field that changes what the adapter computes and is not understood, `model_invalid`
 *   for a malformed file
 */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig | null> {
  const path = join(folder, ADAPTER_CONFIG_FILE);
  const json = await readJsonFile(path, 'model_invalid');
  if (json === null) return null;
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    const field = at.map(String).join('.');
    const text = `${path}: field ${field} of the adapter's config cannot be used: ${message}`;
    throw new StudioError(CHOICES.includes(field) ? 'model_unsupported' : 'model_invalid', text, { path, field });
  }
  const file = parsed.data;
  for (const [field, value] of Object.entries(file)) {
    if (field in fileSchema.shape || WITHOUT_EFFECT.includes(field) || isEmpty(value)) continue;
    const text = `${path}: the adapter uses ${field}, which this version does not compute; ${MERGE_FIRST}`;
    throw new StudioError('model_unsupported', text, { path, field });
  }
  const task = file.task_type ?? 'CAUSAL_LM';
  const refuse = (field: string, message: string): never => {
    throw new StudioError('model_unsupported', `${path}: ${message}`, { path, field });
  };
  const saved = (file.modules_to_save ?? []).filter((name) => task !== 'SEQ_CLS' || !ADAPTER_HEADS.includes(name));
  if (saved.length > 0) {
    refuse('modules_to_save', `the adapter brings ${saved.join(', ')} as modules_to_save; ${MERGE_FIRST}`);
  }
  const targets = file.target_modules;
  const expressions = {
    target_modules: typeof targets === 'string' && targets !== ALL_LINEAR ? [targets] : [],
    rank_pattern: Object.keys(file.rank_pattern),
    alpha_pattern: Object.keys(file.alpha_pattern),
  };
  for (const [field, sources] of Object.entries(expressions)) {
    for (const source of sources) {
      const fault = expressionFault(source);
      if (fault !== null) refuse(field, `the expression ${source} of ${field} cannot be used: ${fault}`);
    }
  }
  const foreign = targets === ALL_LINEAR ? undefined : NOT_ADAPTED.find((layer) => isTarget(layer, targets));
  if (foreign !== undefined) {
    refuse(
      'target_modules',
      `the adapter's target_modules reach ${foreign}, which is no layer of the decoder; ${MERGE_FIRST}`,
    );
  }
  return {
    base: file.base_model_name_or_path,
    task,
    settings: {
      rank: file.r,
      alpha: file.lora_alpha,
      rsLora: file.use_rslora,
      dropout: file.lora_dropout,
      targetModules: targets,
      rankPattern: file.rank_pattern,
      alphaPattern: file.alpha_pattern,
    },
  };
}

/** Whether a field of the config says nothing: PEFT writes the fields of features that are off, too. */
function isEmpty(value: unknown): boolean {
  return value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}
