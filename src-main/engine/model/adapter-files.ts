/** Adapters on disk, in PEFT's form: adapter_config.json and adapter_model.safetensors in a folder of their own. */
import { join, resolve } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import {
  ADAPTER_CONFIG_FILE,
  ADAPTER_HEADS,
  ADAPTER_WEIGHTS_FILE,
  readAdapterDescription,
  type AdapterDescription,
} from '../../checkpoint/adapter-description.ts';
import { ADAPTER_PREFIX, adapterOver, SCORE_WEIGHT } from '../../checkpoint/adapter-shapes.ts';
import { exists } from '../../checkpoint/checkpoint-files.ts';
import type { DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { writeSynced } from '../../checkpoint/durable-files.ts';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.ts';
import type { Adapter } from './lora.ts';
import { readExpected, weightArrays } from './weights.ts';

/**
 * Reads an adapter's tensors.
 *
 * @param config of the base model, with the head that the adapter's task calls for
 * @returns the adapter, and the head [1, H] that it brings when the model is a reward model
 * @throws StudioError `model_invalid`, naming the tensor or target module that does not fit the base model; `model_unsupported`
 *   when the adapter is for another task
 */
export async function readAdapter(
  description: AdapterDescription,
  config: DecoderConfig,
  trainable: boolean,
): Promise<{ adapter: Adapter; score: tf.Tensor | null }> {
  const { folder } = description;
  const { settings, shapes } = adapterOver(folder, description, config);
  const prefixed = await readExpected(join(folder, ADAPTER_WEIGHTS_FILE), {
    shapes,
    calledForBy: ADAPTER_CONFIG_FILE,
    trainable,
  });
  const { [SCORE_WEIGHT]: score = null, ...weights } = Object.fromEntries(
    Object.entries(prefixed).map(([name, weight]) => [name.slice(ADAPTER_PREFIX.length), weight]),
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
  const arrays = [...weightArrays(all)].map(
    ([name, array]) => [ADAPTER_PREFIX + name, array] as [string, typeof array],
  );
  await writeSafetensors(join(folder, ADAPTER_WEIGHTS_FILE), arrays, { format: 'pt' });
  await writeSynced(join(folder, ADAPTER_CONFIG_FILE), JSON.stringify(description, null, 2));
}

/** Where a model's tokenizer lies: in its folder, or with the base model of an adapter that brings none. */
export async function tokenizerFolder(folder: string): Promise<string> {
  if (await exists(join(folder, 'tokenizer.json'))) return folder;
  return (await readAdapterDescription(folder))?.baseFolder ?? folder;
}
