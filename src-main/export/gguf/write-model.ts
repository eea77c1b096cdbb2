/** Writes a model as one GGUF file: config, tokenizer, chat template and weights. */
import type { ModelSource } from '../model-source.ts';
import { architectureOf } from './architectures.ts';
import { writeGguf, type Metadata } from './gguf-file.ts';
import { ggufTensors } from './tensors.ts';
import { readVocabulary } from './vocabulary.ts';

export const ggufTypes = ['f16', 'q8_0'] as const;

/** Number format of the matrices. */
export type GgufType = (typeof ggufTypes)[number];

/** `general.file_type`: what most tensors are stored as. */
const FILE_TYPES: Readonly<Record<GgufType, number>> = { f16: 1, q8_0: 7 };

/**
 * @param path the file to write
 * @param name what the file calls the model
 * @returns what llama.cpp computes otherwise than the model, in sentences
 * @throws StudioError for a model that llama.cpp does not compute
 */
export async function writeModelAsGguf(
  path: string,
  model: ModelSource,
  { type, name }: { type: GgufType; name: string },
): Promise<readonly string[]> {
  const architecture = architectureOf(model.config, model.configPath);
  const vocabulary = await readVocabulary(model.tokenizerFolder, architecture.vocabSize);
  const metadata: Metadata = {
    'general.architecture': { string: architecture.name },
    'general.type': { string: 'model' },
    'general.name': { string: name },
    'general.file_type': { u32: FILE_TYPES[type] },
    'general.quantization_version': { u32: 2 },
    ...architecture.metadata,
    ...vocabulary.metadata,
  };
  await writeGguf(path, metadata, ggufTensors(model.tensors, architecture, type));
  return [...architecture.notes, ...vocabulary.notes];
}
