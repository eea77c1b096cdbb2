/** Writes a model as a Hugging Face folder that transformers opens: weights, config, generation settings, tokenizer and template. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FloatFormat } from '../checkpoint/float-formats.ts';
import { writeModelWeights } from '../checkpoint/model-weights.ts';
import type { TensorSource } from '../checkpoint/tensor-file.ts';
import { copyFiles, GENERATION_CONFIG_FILE, TOKENIZER_FILES } from './copied-files.ts';
import type { ModelSource } from './model-source.ts';
import { FORMATS_BY_NAME, requireHalfRange } from './number-formats.ts';

/**
 * @param format how weights are stored
 * @param maxFileBytes more weights than this go into several files with an index
 * @throws StudioError `model_unsupported` when the format cannot hold a weight
 */
export async function writeHuggingFaceFolder(
  folder: string,
  model: ModelSource,
  { format, maxFileBytes }: { format: FloatFormat; maxFileBytes: number },
): Promise<void> {
  const tensors = model.tensors.map((tensor): [string, TensorSource] => {
    const { name, shape } = tensor;
    const values = async () => {
      const array = await tensor.read();
      if (format === 'F16') requireHalfRange(name, array, 'choose bfloat16 or float32');
      return array;
    };
    return [name, { shape, values, dtype: format }];
  });
  await writeModelWeights(folder, tensors, { maxFileBytes });
  const dtype = Object.entries(FORMATS_BY_NAME).find(([, value]) => value === format)![0];
  // transformers 4 reads torch_dtype, transformers 5 dtype.
  const config = { ...model.config, dtype, torch_dtype: dtype };
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  // An adapter's own settings go over those of its base.
  for (const source of [...model.folders].reverse()) await copyFiles(source, folder, [GENERATION_CONFIG_FILE]);
  await copyFiles(model.tokenizerFolder, folder, TOKENIZER_FILES);
}
