/** Random-weight policies of the larger sizes, with the small policy's tokenizer and prompts of random letters. */
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDecoderConfig, weightShapes } from '../src-main/checkpoint/decoder-config.ts';
import { writeSafetensors } from '../src-main/checkpoint/safetensors-writer.ts';
import type { NamedArray } from '../src-main/checkpoint/tensor-file.ts';
import { RandomStream } from '../src-main/grpo/random.ts';
import { sizes, type ModelShape, type SizeName } from './sizes.ts';

const SMALL_POLICY = join(import.meta.dirname, 'policy-S');
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'generation_config.json'];
const LETTERS = 'abcdefghij klmnop';
const ROWS = 128;

/**
 * Where a size's checkpoint and dataset lie; made on first use, in the folder for temporary files.
 * @param promptCharacters random characters of a prompt, where the model is random
 */
export async function modelFolder(
  name: SizeName,
  promptCharacters: number = sizes[name].promptCharacters,
): Promise<string> {
  const { shape } = sizes[name];
  return shape === null ? SMALL_POLICY : randomModel(name, shape, promptCharacters);
}

/** @param name the same for the same shape: what was made under it before is taken */
export async function randomModel(name: string, shape: ModelShape, promptCharacters: number): Promise<string> {
  const folder = join(tmpdir(), 'grpo-studio-bench', `${name}-${promptCharacters}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  for (const file of TOKENIZER_FILES) await copyFile(join(SMALL_POLICY, file), join(unfinished, file));
  const config = configFile(shape);
  await writeFile(join(unfinished, 'config.json'), JSON.stringify(config, null, 2));
  await writeSafetensors(join(unfinished, 'model.safetensors'), randomWeights(config), { format: 'pt' });
  await writeFile(join(unfinished, 'train.jsonl'), randomPrompts(promptCharacters));
  await rename(unfinished, folder);
  return folder;
}

function configFile(shape: ModelShape) {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    dtype: 'float32',
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    initializer_range: 0.02,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
    bos_token_id: null,
    eos_token_id: 2,
    pad_token_id: 0,
    ...shape,
  };
}

/** As transformers initialises a model: matrices normal, norms one. */
function* randomWeights(config: ReturnType<typeof configFile>): Iterable<[string, NamedArray]> {
  for (const [name, shape] of weightShapes(parseDecoderConfig(config, 'config.json'))) {
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    const stream = RandomStream.of(0, 'bench', name);
    if (shape.length === 1) values.fill(1);
    else for (let i = 0; i < values.length; i++) values[i] = config.initializer_range * stream.nextNormal();
    yield [name, { shape, values }];
  }
}

function randomPrompts(characters: number): string {
  const stream = RandomStream.of(0, 'bench', 'prompts');
  const letter = (): string => LETTERS[Math.floor(stream.nextFloat() * LETTERS.length)];
  const rows = Array.from({ length: ROWS }, () => {
    const content = Array.from({ length: characters }, letter).join('');
    return JSON.stringify({ prompt: [{ role: 'user', content }], answer: '42' });
  });
  return rows.join('\n') + '\n';
}
