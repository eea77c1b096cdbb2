/** Reads a PEFT adapter as far as merging and copying it take: its settings, and its pairs of small matrices. */
import { join } from 'node:path';
import { ADAPTER_WEIGHTS_FILE, readAdapterDescription, type LoraSettings } from '../checkpoint/adapter-description.ts';
import { layerRank } from '../checkpoint/adapter-shapes.ts';
import { openSafetensors } from '../checkpoint/safetensors.ts';
import type { StoredTensor } from '../checkpoint/tensor-file.ts';
import { StudioError } from '../contract/errors.ts';

const NOT_MERGED = 'which this version does not merge; merge the adapter into its model with PEFT first';

export interface AdapterPair {
  /** A, [r, I]. */
  down: StoredTensor;
  /** B, [O, r]. */
  up: StoredTensor;
}

/** An open adapter: close it. */
export interface AdapterSource {
  /** Folder of the model that it stands on. */
  baseFolder: string;
  settings: LoraSettings;
  /** By the path of the layer in the model, such as `model.layers.0.self_attn.q_proj`. */
  pairs: ReadonlyMap<string, AdapterPair>;
  close(): Promise<void>;
}

/**
 * @returns null when the folder holds no adapter
 * @throws StudioError `model_unsupported` for an adapter that is more than pairs of small matrices, `model_invalid` for a
 *   malformed one, or when its base model is not on this disk
 */
export async function openAdapter(folder: string): Promise<AdapterSource | null> {
  const description = await readAdapterDescription(folder);
  if (description === null) return null;
  const { baseFolder, settings } = description;
  const file = await openSafetensors(join(folder, ADAPTER_WEIGHTS_FILE));
  try {
    const pairs = pairUp(file.tensors, settings, file.path);
    return { baseFolder, settings, pairs, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function pairUp(tensors: readonly StoredTensor[], settings: LoraSettings, path: string): Map<string, AdapterPair> {
  const halves = new Map<string, Partial<AdapterPair>>();
  for (const tensor of tensors) {
    const { name, shape } = tensor;
    const [, layer, letter] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    if (layer === undefined) {
      const text = `${path}: the adapter holds ${name}, ${NOT_MERGED}`;
      throw new StudioError('model_unsupported', text, { path, field: name });
    }
    const rank = layerRank(settings, layer);
    const ranks = letter === 'A' ? shape[0] : shape[1];
    if (shape.length !== 2 || ranks !== rank) {
      const text = `${path}: ${name} has the shape [${shape.join(', ')}], which does not fit its rank ${rank}`;
      throw new StudioError('model_invalid', text, { path, field: name });
    }
    const half = halves.get(layer) ?? {};
    half[letter === 'A' ? 'down' : 'up'] = tensor;
    halves.set(layer, half);
  }
  for (const [layer, { down, up }] of halves) {
    if (down !== undefined && up !== undefined) continue;
    const field = `base_model.model.${layer}.lora_${down === undefined ? 'A' : 'B'}.weight`;
    throw new StudioError('model_invalid', `${path} lacks the tensor ${field}`, { path, field });
  }
  return halves as Map<string, AdapterPair>;
}
