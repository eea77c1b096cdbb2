/** Adapters on disk, in PEFT's form: adapter_config.json and adapter_model.safetensors in a folder of their own. */
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.ts';
import { StudioError } from '../../contract/errors.ts';
import { exists, findBase } from './adapter-base.ts';
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { expressionFault, isTarget } from './lora-targets.ts';
import { adapterShapes, linearLayerNames, linearLayers, type Adapter, type LoraSettings } from './lora.ts';
import { readExpected, weightArrays } from './weights.ts';

const CONFIG_FILE = 'adapter_config.json';
const WEIGHTS_FILE = 'adapter_model.safetensors';

/** What to do about an adapter that cannot be used as it is. */
const MERGE_FIRST = 'merge the adapter into its model with PEFT first';

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

const ALL_LINEAR = 'all-linear';

/** What PEFT can put an adapter on, and this version cannot. */
const NOT_ADAPTED = ['model.embed_tokens', 'lm_head'];

/** The head that PEFT trains beside the adapter of a reward model, whole; `classifier` is what other architectures call it. */
const HEADS = ['classifier', 'score'];

/** The name of a reward model's head [1, H]. */
export const SCORE_WEIGHT = 'score.weight';

/** What adapter_config.json says. */
export interface AdapterDescription {
  folder: string;
  /** Folder of the model that the adapter stands on. */
  baseFolder: string;
  /** What the adapted model does: it writes, or it gives a text a score and has a trained head for that. */
  task: 'CAUSAL_LM' | 'SEQ_CLS';
  /** Here `all-linear` is not resolved yet. */
  settings: LoraSettings;
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
  const saved = (file.modules_to_save ?? []).filter((name) => task !== 'SEQ_CLS' || !HEADS.includes(name));
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
    folder,
    baseFolder: await findBase(folder, file.base_model_name_or_path, path),
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

/**
 * Reads an adapter's tensors.
 *
 * @param config of the base model, with the head that the adapter's task calls for
 * @returns the adapter, and the head [1, H] that it brings when the model is a reward model
 * @throws StudioError `model_invalid`, naming the tensor or target module that does not fit the base model; `model_unsupported`
 *   when the adapter is for another task
 */
export async function readAdapter(
  { folder, task, settings: { targetModules, ...rest } }: AdapterDescription,
  config: DecoderConfig,
  trainable: boolean,
): Promise<{ adapter: Adapter; score: tf.Tensor | null }> {
  const path = join(folder, CONFIG_FILE);
  if ((task === 'SEQ_CLS') !== config.scoreHead) {
    const message = config.scoreHead
      ? `${folder} is an adapter of a language model (task_type) and has no score`
      : `${folder} is an adapter of a reward model (task_type SEQ_CLS): it scores completions and cannot write them; name a language model`;
    throw new StudioError('model_unsupported', message, { path, field: 'task_type' });
  }
  const targets = targetModules === ALL_LINEAR ? linearLayerNames(config) : targetModules;
  if (![...linearLayers(config).keys()].some((layer) => isTarget(layer, targets))) {
    const text = `${path}: the base model has no linear layer ${String(targets)}; it has ${linearLayerNames(config).join(', ')}`;
    throw new StudioError('model_invalid', text, { path, field: 'target_modules' });
  }
  const settings: LoraSettings = { ...rest, targetModules: targets };
  const shapes = adapterShapes(config, settings);
  if (config.scoreHead) shapes.set(SCORE_WEIGHT, [1, config.hiddenSize]);
  const prefixed = await readExpected(join(folder, WEIGHTS_FILE), {
    shapes: new Map([...shapes].map(([name, shape]) => [PREFIX + name, shape])),
    calledForBy: CONFIG_FILE,
    trainable,
  });
  const { [SCORE_WEIGHT]: score = null, ...weights } = Object.fromEntries(
    Object.entries(prefixed).map(([name, weight]) => [name.slice(PREFIX.length), weight]),
  );
  return { adapter: { settings, weights, dropoutOf: null }, score };
}

/**
 * Writes an adapter so that PEFT and `readAdapter` take it, and syncs it to the disk.
 *
 * @param score the head [1, H] trained with it when the model is a reward model, else null
 */
export async function writeAdapter(
  folder: string,
  { settings, weights }: Adapter,
  baseFolder: string,
  score: tf.Tensor | null,
): Promise<void> {
  const description = {
    alpha_pattern: settings.alphaPattern,
    base_model_name_or_path: resolve(baseFolder),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    modules_to_save: score === null ? null : HEADS,
    peft_type: 'LORA',
    r: settings.rank,
    rank_pattern: settings.rankPattern,
    target_modules: settings.targetModules,
    task_type: score === null ? 'CAUSAL_LM' : 'SEQ_CLS',
    use_dora: false,
    use_rslora: settings.rsLora,
  };
  const all = score === null ? weights : { ...weights, [SCORE_WEIGHT]: score };
  const arrays = [...weightArrays(all)].map(([name, array]) => [PREFIX + name, array] as [string, typeof array]);
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

/** Whether a field of the config says nothing: PEFT writes the fields of features that are off, too. */
function isEmpty(value: unknown): boolean {
  return value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}
