/** Adapters on disk, in PEFT's form: adapter_config.json and adapter_model.safetensors in a folder of their own. */
import { access, open, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { StudioError } from '../../contract/errors.ts';
import type { DecoderConfig } from './config.ts';
import { adapterShapes, linearLayerNames, unknownTarget, type Adapter, type LoraSettings } from './lora.ts';
import { writeSafetensors } from './safetensors.ts';
import { readExpected, weightArrays } from './weights.ts';

const CONFIG_FILE = 'adapter_config.json';
const WEIGHTS_FILE = 'adapter_model.safetensors';

/** What PEFT puts before a weight's name in the model. */
const PREFIX = 'base_model.model.';

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

const fileSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  task_type: z.literal('CAUSAL_LM').nullish(),
  base_model_name_or_path: z.string().min(1),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  lora_dropout: z.number().min(0).lt(1).default(0),
  target_modules: z.union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)]),
  bias: z.literal('none').default('none'),
  // Other ways to start an adapter change the base model as well.
  init_lora_weights: z.union([z.boolean(), z.enum(['gaussian', 'orthogonal'])]).default(true),
});

/** What adapter_config.json says. */
export interface AdapterDescription {
  folder: string;
  /** Folder of the model that the adapter stands on. */
  baseFolder: string;
  rank: number;
  alpha: number;
  rsLora: boolean;
  /** Share of the layer's inputs that training drops; nothing is dropped at inference. */
  dropout: number;
  targetModules: 'all-linear' | string[];
}

/**
 * @returns null when the folder holds no adapter
 * @throws StudioError `model_unsupported` for a field that changes what the adapter computes and is not understood, `model_invalid`
 *   for a malformed file or a base model that is not on this disk
 */
export async function readAdapterDescription(folder: string): Promise<AdapterDescription | null> {
  const path = join(folder, CONFIG_FILE);
  if (!(await exists(path))) return null;
  const json: unknown = await readFile(path, 'utf8')
    .then(JSON.parse)
    .catch((error: unknown) => {
      throw new StudioError(
        'model_invalid',
        `${path} cannot be read: ${(error as Error).message}`,
        { path },
        { cause: error },
      );
    });
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    const field = at.map(String).join('.');
    const text = `${path}: field ${field} of the adapter's config cannot be used: ${message}`;
    const known = ['peft_type', 'task_type', 'bias', 'init_lora_weights'].includes(field);
    throw new StudioError(known ? 'model_unsupported' : 'model_invalid', text, { path, field });
  }
  const file = parsed.data;
  for (const [field, value] of Object.entries(file)) {
    if (field in fileSchema.shape || WITHOUT_EFFECT.includes(field) || isEmpty(value)) continue;
    const text = `${path}: the adapter uses ${field}, which this version does not compute; merge the adapter into its model with PEFT first`;
    throw new StudioError('model_unsupported', text, { path, field });
  }
  return {
    folder,
    baseFolder: await findBase(folder, file.base_model_name_or_path),
    rank: file.r,
    alpha: file.lora_alpha,
    rsLora: file.use_rslora,
    dropout: file.lora_dropout,
    targetModules: file.target_modules,
  };
}

/**
 * Reads an adapter's tensors.
 *
 * @param config of the base model
 * @throws StudioError `model_invalid`, naming the tensor or target module that does not fit the base model; `model_unsupported`
 *   for training with dropout
 */
export async function readAdapter(
  { folder, targetModules, dropout, ...description }: AdapterDescription,
  config: DecoderConfig,
  trainable: boolean,
): Promise<Adapter> {
  const path = join(folder, CONFIG_FILE);
  if (trainable && dropout > 0) {
    const text = `${path}: lora_dropout is ${dropout}, and adapters are trained here without dropout; set it to 0 to train this one`;
    throw new StudioError('model_unsupported', text, { path, field: 'lora_dropout' });
  }
  const targets = targetModules === 'all-linear' ? linearLayerNames(config) : targetModules;
  const unknown = unknownTarget(config, targets);
  if (unknown !== undefined) {
    const text = `${path}: the base model has no linear layer ${unknown}; it has ${linearLayerNames(config).join(', ')}`;
    throw new StudioError('model_invalid', text, { path, field: 'target_modules' });
  }
  const settings: LoraSettings = { ...description, targetModules: targets };
  const shapes = [...adapterShapes(config, settings)].map(([name, shape]) => [PREFIX + name, shape] as const);
  const weights = await readExpected(join(folder, WEIGHTS_FILE), {
    shapes: new Map(shapes),
    calledForBy: CONFIG_FILE,
    trainable,
  });
  const unprefixed = Object.entries(weights).map(([name, weight]) => [name.slice(PREFIX.length), weight]);
  return { settings, weights: Object.fromEntries(unprefixed) as Adapter['weights'] };
}

/** Writes an adapter so that PEFT and `readAdapter` take it, and syncs it to the disk. */
export async function writeAdapter(folder: string, { settings, weights }: Adapter, baseFolder: string): Promise<void> {
  const description = {
    base_model_name_or_path: resolve(baseFolder),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: settings.alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: settings.rank,
    target_modules: settings.targetModules,
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: settings.rsLora,
  };
  const arrays = [...weightArrays(weights)].map(([name, array]) => [PREFIX + name, array] as [string, typeof array]);
  await writeSafetensors(join(folder, WEIGHTS_FILE), arrays, { format: 'pt' });
  const file = await open(join(folder, CONFIG_FILE), 'w');
  try {
    await file.writeFile(JSON.stringify(description, null, 2));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where a model's tokenizer lies: in its folder, or with the base model of an adapter that brings none. */
export async function tokenizerFolder(folder: string): Promise<string> {
  if (await exists(join(folder, 'tokenizer.json'))) return folder;
  return (await readAdapterDescription(folder))?.baseFolder ?? folder;
}

/** A base is named by its path, or by its name in the folder that holds the adapter's. */
async function findBase(folder: string, name: string): Promise<string> {
  const candidates = [resolve(dirname(resolve(folder)), name), resolve(name)];
  for (const candidate of candidates) if (await exists(join(candidate, 'config.json'))) return candidate;
  const path = join(folder, CONFIG_FILE);
  const text =
    `the base model ${name} of the adapter ${basename(resolve(folder))} is not on this disk ` +
    `(looked for ${[...new Set(candidates)].join(' and ')}); put it there, or set base_model_name_or_path in ${path} to its folder`;
  throw new StudioError('model_invalid', text, { path, field: 'base_model_name_or_path' });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether a field of the config says nothing: PEFT writes the fields of features that are off, too. */
function isEmpty(value: unknown): boolean {
  return value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}
