/** Looks at a model or an adapter without loading it: whether it can be used, and what its card says. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findBase } from '../../checkpoint/adapter-base.ts';
import {
  ADAPTER_CONFIG_FILE,
  ADAPTER_WEIGHTS_FILE,
  readAdapterConfig,
  type AdapterConfig,
} from '../../checkpoint/adapter-description.ts';
import { adapterOver } from '../../checkpoint/adapter-shapes.ts';
import { readJsonFile } from '../../checkpoint/checkpoint-files.ts';
import { expectedTensors } from '../../checkpoint/expected-tensors.ts';
import { isFloatFormat } from '../../checkpoint/float-formats.ts';
import { readDecoderConfig } from '../../checkpoint/read-decoder-config.ts';
import { openSafetensors, unreadableDtype } from '../../checkpoint/safetensors.ts';
import type { AdapterFacts, ModelFacts } from '../../contract/models.ts';
import { inspectCheckpoint } from './inspect-checkpoint.ts';
import { fileNames } from './copy-model.ts';
import { readProse } from './model-readme.ts';

/**
 * @throws StudioError `model_invalid`, `model_unsupported` or `tokenizer_invalid`, naming the file and what is wrong with it
 */
export async function inspectModel(folder: string): Promise<ModelFacts> {
  const adapter = await readAdapterConfig(folder);
  if (adapter !== null) return inspectAdapter(folder, adapter);
  const { config, dtypes, parameters, tokenizer, templatePreview } = await inspectCheckpoint(folder);
  const { vocabSize, hiddenSize, intermediateSize, layers, heads, keyValueHeads, headDim, tiedHead, fusedProjections } =
    config;
  return {
    kind: config.scoreHead ? 'reward_model' : 'language_model',
    family: config.family,
    architecture: await architectureOf(folder),
    parameters,
    dtypes,
    contextLength: config.maxPositions,
    vocabulary: vocabSize,
    endTokens: tokenizer.eosTokenIds.map((id) => tokenizer.tokenText(id)),
    templatePreview,
    adapter: null,
    shape: {
      vocabSize,
      hiddenSize,
      intermediateSize,
      layers,
      heads,
      keyValueHeads,
      headDim,
      tiedHead,
      fusedProjections,
    },
  };
}

/** What an adapter's config says; null for a folder without one. Throws StudioError `model_invalid` or `model_unsupported`. */
export async function readAdapterFacts(folder: string): Promise<AdapterFacts | null> {
  const config = await readAdapterConfig(folder);
  return config === null ? null : adapterFacts(config);
}

function adapterFacts({ base, settings: { rank, targetModules: targets } }: AdapterConfig): AdapterFacts {
  return { base, rank, targetModules: typeof targets === 'string' ? [targets] : [...targets] };
}

/** Its tensors are held against its base model where that is on this disk. */
async function inspectAdapter(folder: string, adapter: AdapterConfig): Promise<ModelFacts> {
  const file = await openSafetensors(join(folder, ADAPTER_WEIGHTS_FILE));
  try {
    const base = await findBase(folder, adapter.base);
    if (base !== null) {
      const config = await readDecoderConfig(base);
      const scoreHead = config.scoreHead || adapter.task === 'SEQ_CLS'; // which brings the head
      const { shapes } = adapterOver(folder, adapter, { ...config, scoreHead });
      expectedTensors(file, { shapes, calledForBy: ADAPTER_CONFIG_FILE, ignores: () => false });
    }
    const bytes = new Map<string, number>();
    let parameters = 0;
    for (const tensor of file.tensors) {
      if (!isFloatFormat(tensor.dtype)) throw unreadableDtype(tensor);
      bytes.set(tensor.dtype, (bytes.get(tensor.dtype) ?? 0) + tensor.bytes);
      parameters += tensor.shape.reduce((product, dimension) => product * dimension, 1);
    }
    return {
      kind: 'adapter',
      family: null,
      architecture: null,
      parameters,
      dtypes: [...bytes].sort(([, a], [, b]) => b - a).map(([dtype]) => dtype),
      contextLength: null,
      vocabulary: null,
      endTokens: [],
      templatePreview: null,
      adapter: adapterFacts(adapter),
      shape: null,
    };
  } finally {
    await file.close();
  }
}

async function architectureOf(folder: string): Promise<string | null> {
  const config = await readJsonFile(join(folder, 'config.json'), 'model_invalid');
  const architectures = config?.['architectures'];
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  return typeof first === 'string' ? first : null;
}

/** Bytes of the files in a folder, links followed. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await fileNames(folder)) bytes += (await stat(join(folder, name))).size;
  return bytes;
}

const LICENCE_FILES = ['LICENSE', 'LICENSE.txt', 'LICENSE.md'];

/** The licence as the front matter of README.md names it, else the first words of the licence file; null without either. */
export async function readLicence(folder: string): Promise<string | null> {
  const readme = await readProse(join(folder, 'README.md'));
  const named = readme === null ? null : licenceOf(readme);
  if (named !== null) return named;
  for (const name of LICENCE_FILES) {
    const text = await readProse(join(folder, name));
    const line = text?.split('\n').find((candidate) => /\w/.test(candidate));
    if (line !== undefined)
      return line
        .replace(/^[#\s]+/, '')
        .trim()
        .slice(0, 80);
  }
  return null;
}

/** `license_name` (for licences without a common name), else `license`, of a model card's front matter. */
export function licenceOf(readme: string): string | null {
  const matter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1] ?? '';
  const field = (name: string): string | null => {
    const found = new RegExp(`^${name}:[ \\t]*(\\S.*?)[ \\t\\r]*$`, 'm').exec(matter)?.[1];
    return found === undefined ? null : found.replace(/^(['"])(.*)\1$/, '$2');
  };
  return field('license_name') ?? field('license');
}
