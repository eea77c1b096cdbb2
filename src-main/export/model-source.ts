/** A trained model as the exports read it: the tensors of a checkpoint folder, with its adapter merged in while they are read. */
import { join, resolve } from 'node:path';
import { loraScale } from '../checkpoint/adapter-shapes.ts';
import { exists, readJsonFile } from '../checkpoint/checkpoint-files.ts';
import type { FloatFormat } from '../checkpoint/float-formats.ts';
import { openModelWeights } from '../checkpoint/model-weights.ts';
import type { StoredTensor } from '../checkpoint/tensor-file.ts';
import { StudioError } from '../contract/errors.ts';
import { openAdapter, type AdapterSource } from './adapter-source.ts';
import { mergeLowRank } from './low-rank-merge.ts';
import { FORMATS_BY_NAME } from './number-formats.ts';

export interface ModelTensor {
  name: string;
  shape: readonly number[];
  /** Its values as float32, adapter merged in; nothing stays in memory. */
  read(): Promise<Float32Array>;
}

/** An open model: close it. */
export interface ModelSource {
  /** Folders that it is read from: its own, and an adapter's base. */
  folders: readonly string[];
  /** The folder whose tokenizer, template and generation settings the model has. */
  tokenizerFolder: string;
  /** config.json. */
  config: Readonly<Record<string, unknown>>;
  configPath: string;
  /** The number format that the checkpoint says it has. */
  format: FloatFormat;
  tensors: readonly ModelTensor[];
  close(): Promise<void>;
}

/**
 * @param folder a model, or an adapter that names its base model
 * @throws StudioError naming the file that cannot be used
 */
export async function openModel(folder: string): Promise<ModelSource> {
  const adapter = await openAdapter(folder);
  try {
    return await openBase(resolve(folder), adapter);
  } catch (error) {
    await adapter?.close();
    throw error;
  }
}

async function openBase(folder: string, adapter: AdapterSource | null): Promise<ModelSource> {
  const base = adapter?.baseFolder ?? folder;
  const configPath = join(base, 'config.json');
  const config = await readJsonFile(configPath, 'model_invalid');
  if (config === null) {
    throw new StudioError('model_invalid', `${folder} is no model folder: ${configPath} does not exist.`, {
      path: configPath,
    });
  }
  const weights = await openModelWeights(base);
  try {
    const tied = config['tie_word_embeddings'] === true;
    const stored = weights.tensors.filter(
      ({ name }) => !name.endsWith('.rotary_emb.inv_freq') && !(tied && name === 'lm_head.weight'),
    );
    return {
      folders: [...new Set([folder, base])],
      tokenizerFolder: (await exists(join(folder, 'tokenizer.json'))) ? folder : base,
      config,
      configPath,
      format: formatOf(config, stored),
      tensors: withAdapter(stored, adapter, weights.path),
      close: async () => {
        await weights.close();
        await adapter?.close();
      },
    };
  } catch (error) {
    await weights.close();
    throw error;
  }
}

function withAdapter(stored: readonly StoredTensor[], adapter: AdapterSource | null, path: string): ModelTensor[] {
  if (adapter === null) return [...stored];
  const left = new Map(adapter.pairs);
  const tensors = stored.map((tensor): ModelTensor => {
    const layer = tensor.name.replace(/\.weight$/, '');
    const pair = left.get(layer);
    if (pair === undefined || layer === tensor.name) return tensor;
    left.delete(layer);
    const { down, up } = pair;
    const [outputs, inputs] = tensor.shape;
    const [rank] = down.shape;
    if (tensor.shape.length !== 2 || up.shape[0] !== outputs || down.shape[1] !== inputs) {
      const message =
        `${down.path}: the adapter of ${layer} is for a layer [${up.shape[0]}, ${down.shape[1]}], ` +
        `but the base model's is [${tensor.shape.join(', ')}]`;
      throw new StudioError('model_invalid', message, { path: down.path, field: down.name });
    }
    const read = async () => {
      const values = await tensor.read();
      mergeLowRank(
        values,
        await down.read(),
        await up.read(),
        [outputs, inputs, rank],
        loraScale(adapter.settings, layer),
      );
      return values;
    };
    return { name: tensor.name, shape: tensor.shape, read };
  });
  const [missing] = left.keys();
  if (missing !== undefined) {
    const message = `the adapter changes ${missing}, but its base model in ${path} has no weight of that name`;
    throw new StudioError('model_invalid', message, { path, field: missing });
  }
  return tensors;
}

/** What config.json says; a checkpoint of a full fine-tuning is stored in float32 whatever its base was. */
function formatOf(config: Record<string, unknown>, tensors: readonly StoredTensor[]): FloatFormat {
  const formats: Readonly<Record<string, FloatFormat>> = FORMATS_BY_NAME;
  const named = formats[String(config['dtype'] ?? config['torch_dtype'])];
  const stored = Object.values(formats).find(
    (format) => format === tensors.find(({ shape }) => shape.length === 2)?.dtype,
  );
  return named ?? stored ?? 'F32';
}
