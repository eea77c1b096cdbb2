/** Reads a PEFT adapter as far as merging and copying it take: the scale of its product, and its pairs of small matrices. */
import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from '../checkpoint/checkpoint-files.ts';
import { openSafetensors } from '../checkpoint/safetensors.ts';
import type { StoredTensor } from '../checkpoint/tensor-file.ts';
import { StudioError } from '../contract/errors.ts';

export const ADAPTER_CONFIG_FILE = 'adapter_config.json';
export const ADAPTER_WEIGHTS_FILE = 'adapter_model.safetensors';

/** Settings under which the product of the two matrices is not all that the adapter adds. */
const UNMERGEABLE = ['use_dora', 'fan_in_fan_out', 'lora_bias', 'rank_pattern', 'alpha_pattern', 'modules_to_save'];

const configSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().min(1),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().nullish(),
  bias: z.literal('none').default('none'),
});

export interface AdapterPair {
  /** A, [r, I]. */
  down: StoredTensor;
  /** B, [O, r]. */
  up: StoredTensor;
}

/** An open adapter: close it. */
export interface AdapterSource {
  /** adapter_config.json. */
  config: Readonly<Record<string, unknown>>;
  /** Folder of the model that it stands on. */
  baseFolder: string;
  /** What the product B·A is multiplied by: α/r, or α/√r with rank-stabilised LoRA. */
  scale: number;
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
  const path = join(folder, ADAPTER_CONFIG_FILE);
  const json = await readJsonFile(path, 'model_invalid');
  if (json === null) return null;
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    const field = at.map(String).join('.');
    const text = `${path}: field ${field} of the adapter's config cannot be used: ${message}`;
    throw new StudioError('model_unsupported', text, { path, field });
  }
  const field = UNMERGEABLE.find((name) => !isEmpty(json[name]));
  if (field !== undefined) {
    const text = `${path}: the adapter uses ${field}, which this version does not merge; merge the adapter into its model with PEFT first`;
    throw new StudioError('model_unsupported', text, { path, field });
  }
  const { r: rank, lora_alpha: alpha, use_rslora: stabilised, base_model_name_or_path: base } = parsed.data;
  const baseFolder = await findBase(folder, base);
  const file = await openSafetensors(join(folder, ADAPTER_WEIGHTS_FILE));
  try {
    const scale = alpha / (stabilised === true ? Math.sqrt(rank) : rank);
    const pairs = pairUp(file.tensors, rank, file.path);
    return { config: json, baseFolder, scale, pairs, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function pairUp(tensors: readonly StoredTensor[], rank: number, path: string): Map<string, AdapterPair> {
  const halves = new Map<string, Partial<AdapterPair>>();
  for (const tensor of tensors) {
    const { name, shape } = tensor;
    const [, layer, letter] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    if (layer === undefined) {
      const text = `${path}: the adapter holds ${name}, which this version does not merge; merge the adapter into its model with PEFT first`;
      throw new StudioError('model_unsupported', text, { path, field: name });
    }
    const ranks = letter === 'A' ? shape[0] : shape[1];
    if (shape.length !== 2 || ranks !== rank) {
      const text = `${path}: ${name} has the shape [${shape.join(', ')}], which does not fit the adapter's rank ${rank}`;
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

/** A base is named by its path, or by its name in the folder that holds the adapter's. */
async function findBase(folder: string, name: string): Promise<string> {
  const candidates = [...new Set([resolve(dirname(resolve(folder)), name), resolve(name)])];
  for (const candidate of candidates) {
    const found = await access(join(candidate, 'config.json')).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  const path = join(folder, ADAPTER_CONFIG_FILE);
  const text =
    `the base model ${name} of the adapter in ${folder} is not on this disk (looked for ${candidates.join(' and ')}); ` +
    `put it there, or set base_model_name_or_path in ${path} to its folder`;
  throw new StudioError('model_invalid', text, { path, field: 'base_model_name_or_path' });
}

/** Whether a field says nothing: PEFT writes the fields of features that are off, too. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}
