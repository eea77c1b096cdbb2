/**
 * Checks a model folder without loading it: its config, the headers of its weights against that config, its tokenizer and its chat
 * template. What passes here opens; nothing here touches a tensor backend, so that a model can be looked at anywhere.
 */
import { join } from 'node:path';
import { expectedTensors } from '../../checkpoint/expected-tensors.ts';
import { isFloatFormat } from '../../checkpoint/float-formats.ts';
import { isNotCalledFor, openModelWeights } from '../../checkpoint/model-weights.ts';
import { unreadableDtype } from '../../checkpoint/safetensors.ts';
import { StudioError } from '../../contract/errors.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { weightShapes, type DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { readDecoderConfig } from '../../checkpoint/read-decoder-config.ts';

interface DescriptionReport {
  config: DecoderConfig;
  tokenizer: Tokenizer;
  /** A short conversation as its chat template renders it; null for a model without a template, which takes plain text only. */
  templatePreview: string | null;
}

export interface CheckpointReport extends DescriptionReport {
  /** The stored formats of its weights (F32, F16, BF16), the one with the most bytes first. */
  dtypes: string[];
  /** Bytes of its weights on the disk. */
  bytes: number;
  /** Number of weights, a tied head counted once. */
  parameters: number;
}

const SAMPLE = [{ role: 'user', content: 'What is 2 + 3?' }];

/**
 * @param folder a Hugging Face folder of a language model or a reward model; not an adapter's
 * @throws StudioError `model_invalid`, `model_unsupported` or `tokenizer_invalid`, naming the file and what is wrong with it
 */
export async function inspectCheckpoint(folder: string): Promise<CheckpointReport> {
  const description = await inspectDescription(folder);
  return { ...description, ...(await inspectWeights(folder, description.config)) };
}

/** The same without the weights, which need not be there. */
export async function inspectDescription(folder: string): Promise<DescriptionReport> {
  const config = await readDecoderConfig(folder);
  const tokenizer = await loadTokenizer(folder);
  const templatePreview = tokenizer.hasChatTemplate ? tokenizer.renderPrompt(SAMPLE) : null;
  const { tokens } = tokenizer.encodePrompt(templatePreview === null ? SAMPLE[0].content : SAMPLE);
  const largest = [...tokens, ...tokenizer.eosTokenIds].reduce((most, token) => Math.max(most, token), 0);
  if (largest >= config.vocabSize) {
    const message =
      `${folder}: its tokenizer uses the token ${largest}, but the model has embeddings for ${config.vocabSize} tokens only; ` +
      'the tokenizer belongs to another model, or the embeddings were not resized';
    throw new StudioError('model_invalid', message, { path: join(folder, 'tokenizer.json') });
  }
  return { config, tokenizer, templatePreview };
}

async function inspectWeights(
  folder: string,
  config: DecoderConfig,
): Promise<Pick<CheckpointReport, 'dtypes' | 'bytes' | 'parameters'>> {
  const file = await openModelWeights(folder);
  try {
    const shapes = weightShapes(config);
    const tensors = expectedTensors(file, { shapes, calledForBy: 'config.json', ignores: isNotCalledFor });
    const byDtype = new Map<string, number>();
    let [bytes, parameters] = [0, 0];
    for (const tensor of tensors) {
      if (!isFloatFormat(tensor.dtype)) throw unreadableDtype(tensor);
      byDtype.set(tensor.dtype, (byDtype.get(tensor.dtype) ?? 0) + tensor.bytes);
      bytes += tensor.bytes;
      parameters += tensor.shape.reduce((product, dimension) => product * dimension, 1);
    }
    const dtypes = [...byDtype].sort(([, a], [, b]) => b - a).map(([dtype]) => dtype);
    return { dtypes, bytes, parameters };
  } finally {
    await file.close();
  }
}
