/** Adapters on disk, in PEFT's form: adapter_config.json and adapter_model.safetensors in a folder of their own. */
import { join, resolve } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import {
  ADAPTER_CONFIG_FILE,
  ADAPTER_HEADS,
  ADAPTER_WEIGHTS_FILE,
  ALL_LINEAR,
  readAdapterDescription,
  type AdapterDescription,
  type LoraSettings,
} from '../../checkpoint/adapter-description.ts';
import { exists } from '../../checkpoint/checkpoint-files.ts';
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { writeSynced } from '../../checkpoint/durable-files.ts';
import { isTarget } from '../../checkpoint/lora-targets.ts';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.ts';
import { StudioError } from '../../contract/errors.ts';
import { adapterShapes, linearLayerNames, linearLayers, type Adapter } from './lora.ts';
import { readExpected, weightArrays } from './weights.ts';

/** What PEFT puts before a weight's name in the model. */
const PREFIX = 'base_model.model.';

/** The name of a reward model's head [1, H]. */
export const SCORE_WEIGHT = 'score.weight';

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
  const path = join(folder, ADAPTER_CONFIG_FILE);
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
  const prefixed = await readExpected(join(folder, ADAPTER_WEIGHTS_FILE), {
    shapes: new Map([...shapes].map(([name, shape]) => [PREFIX + name, shape])),
    calledForBy: ADAPTER_CONFIG_FILE,
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
    modules_to_save: score === null ? null : ADAPTER_HEADS,
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
  await writeSafetensors(join(folder, ADAPTER_WEIGHTS_FILE), arrays, { format: 'pt' });
  await writeSynced(join(folder, ADAPTER_CONFIG_FILE), JSON.stringify(description, null, 2));
}

/** Where a model's tokenizer lies: in its folder, or with the base model of an adapter that brings none. */
export async function tokenizerFolder(folder: string): Promise<string> {
  if (await exists(join(folder, 'tokenizer.json'))) return folder;
  return (await readAdapterDescription(folder))?.baseFolder ?? folder;
}
