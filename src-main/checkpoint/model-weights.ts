/** The weights of a model folder: model.safetensors, or several files under model.safetensors.index.json. */
import { basename, join } from 'node:path';
import { z } from 'zod';
import { StudioError } from '../contract/errors.ts';
import { exists, readTextFile } from './checkpoint-files.ts';
import { writeSynced } from './durable-files.ts';
import { repeatedKey } from './repeated-key.ts';
import { openSafetensors } from './safetensors.ts';
import { byteLength, writeSafetensors } from './safetensors-writer.ts';
import type { StoredTensor, TensorFile, TensorSource } from './tensor-file.ts';

const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';

/**
 * Tensors that a model folder may hold besides those its config calls for: a head (a second copy of a tied embedding, or what a
 * reward model's score takes the place of), and the rotary frequencies that old versions of transformers saved.
 */
export function isNotCalledFor(name: string): boolean {
  return name === 'lm_head.weight' || name.endsWith('.rotary_emb.inv_freq');
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens a folder's weights and checks the headers of all files; no tensor is read yet. As in transformers, model.safetensors
 * goes before an index.
 *
 * @throws StudioError `model_invalid`, naming the file at fault
 */
export async function openModelWeights(folder: string): Promise<TensorFile> {
  const single = join(folder, SINGLE_FILE);
  if (await exists(single)) return openSafetensors(single);
  const path = join(folder, INDEX_FILE);
  const text = await readTextFile(path, 'model_invalid');
  if (text !== null) return openShards(folder, path, parseIndex(text, path));
  const old =
    (await exists(join(folder, 'pytorch_model.bin'))) || (await exists(join(folder, `pytorch_model.bin.index.json`)));
  const advice = old
    ? 'its weights are in the pytorch_model.bin format, which can run code when it is read; save the model again as safetensors'
    : `it needs ${SINGLE_FILE}, or ${INDEX_FILE} and the files it names`;
  throw new StudioError('model_invalid', `${folder} has no weights: ${single} does not exist; ${advice}`, {
    path: single,
  });
}

/**
 * Writes a folder's weights: as model.safetensors, or in files of at most `maxFileBytes` (but of one tensor at least) with an
 * index. Files of older weights in the folder are not removed.
 *
 * @returns the names of the files written
 */
export async function writeModelWeights(
  folder: string,
  tensors: Iterable<readonly [string, TensorSource]>,
  { maxFileBytes }: { maxFileBytes: number },
): Promise<string[]> {
  const metadata = { format: 'pt' };
  const shards: (readonly [string, TensorSource])[][] = [[]];
  let [filled, total] = [0, 0];
  for (const tensor of tensors) {
    const bytes = byteLength(tensor[1]);
    if (filled > 0 && filled + bytes > maxFileBytes) {
      shards.push([]);
      filled = 0;
    }
    shards[shards.length - 1].push(tensor);
    filled += bytes;
    total += bytes;
  }
  if (shards.length === 1) {
    await writeSafetensors(join(folder, SINGLE_FILE), shards[0], metadata);
    return [SINGLE_FILE];
  }
  const digits = (count: number) => String(count).padStart(5, '0');
  const files = shards.map((_, index) => `model-${digits(index + 1)}-of-${digits(shards.length)}.safetensors`);
  const weightMap: [string, string][] = [];
  for (const [index, shard] of shards.entries()) {
    await writeSafetensors(join(folder, files[index]), shard, metadata);
    for (const [name] of shard) weightMap.push([name, files[index]]);
  }
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
  await writeSynced(join(folder, INDEX_FILE), JSON.stringify(index, null, 2));
  return [...files, INDEX_FILE];
}

/** @returns the tensors' names by the file that holds them */
function parseIndex(text: string, path: string): Map<string, Set<string>> {
  const invalid = (message: string, field?: string) =>
    new StudioError('model_invalid', `${path} is no index of weight files: ${message}; download or export it again`, {
      path,
      ...(field === undefined ? {} : { field }),
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(`it is not valid JSON (${(error as Error).message})`);
  }
  const parsed = indexSchema.safeParse(json);
  if (!parsed.success) throw invalid('it has no weight_map of tensor names to file names', 'weight_map');
  const repeated = repeatedKey(text);
  if (repeated !== null) throw invalid(`it has ${JSON.stringify(repeated)} twice`, repeated);
  const shards = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(parsed.data.weight_map)) {
    // A file elsewhere on the disk is none of the model's, whatever the index says.
    if (basename(file) !== file || file.includes('\\') || !file.endsWith('.safetensors')) {
      throw invalid(`${JSON.stringify(file)} is not the name of a safetensors file beside it`, `weight_map.${name}`);
    }
    const names = shards.get(file);
    if (names) names.add(name);
    else shards.set(file, new Set([name]));
  }
  if (shards.size === 0) throw invalid('its weight_map is empty', 'weight_map');
  return shards;
}

async function openShards(folder: string, path: string, shards: Map<string, Set<string>>): Promise<TensorFile> {
  const files: TensorFile[] = [];
  const close = async () => {
    for (const file of files) await file.close();
  };
  try {
    const tensors: StoredTensor[] = [];
    for (const [name, expected] of [...shards].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const shard = join(folder, name);
      if (!(await exists(shard))) {
        const message = `${shard} does not exist, but ${path} names it; download the missing part of the model`;
        throw new StudioError('model_invalid', message, { path: shard });
      }
      const file = await openSafetensors(shard);
      files.push(file);
      for (const tensor of file.tensors) {
        if (expected.delete(tensor.name)) tensors.push(tensor);
        else {
          const message = `${shard} holds the tensor ${tensor.name}, but ${path} does not place it there`;
          throw new StudioError('model_invalid', message, { path: shard, field: tensor.name });
        }
      }
      const [missing] = expected;
      if (missing !== undefined) {
        const message = `${shard} lacks the tensor ${missing}, which ${path} places there`;
        throw new StudioError('model_invalid', message, { path: shard, field: missing });
      }
    }
    return { path, tensors, close };
  } catch (error) {
    await close();
    throw error;
  }
}
