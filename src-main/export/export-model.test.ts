import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSafetensors } from '../checkpoint/safetensors.ts';
import { openModelWeights } from '../checkpoint/model-weights.ts';
import { exportModel } from './export-model.ts';
import { readGguf } from './fixtures/read-gguf.ts';
import { tinyConfig, tinyTokenizer, writeTinyAdapter, writeTinyModel } from './fixtures/tiny-model.ts';
import { toQ8 } from './number-formats.ts';

let folder: string;
let model: string;
let adapter: string;
let out: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
  model = join(folder, 'model');
  adapter = join(folder, 'step-000004');
  out = join(folder, 'out');
});
afterEach(() => rm(folder, { recursive: true }));

const modelFiles = ['chat_template.jinja', 'config.json', 'generation_config.json', 'model.safetensors'];
const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json'];
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

async function weightsOf(folder: string): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  await readSafetensors(join(folder, 'model.safetensors'), (name, { values }) => void weights.set(name, values));
  return weights;
}

describe('huggingface', () => {
  test('merges an adapter as float64 arithmetic does, and leaves other weights as they are', async () => {
    const base = await writeTinyModel(model);
    const pairs = await writeTinyAdapter(adapter, model);
    const report = await exportModel({ source: adapter, format: 'huggingface', out });
    expect(report.files.map(({ name }) => name)).toEqual([...modelFiles, ...tokenizerFiles]);
    const seen: string[] = [];
    await readSafetensors(join(out, 'model.safetensors'), (name, { values, shape }) => {
      seen.push(name);
      const layer = `base_model.model.${name.replace('.weight', '')}`;
      const down = pairs[`${layer}.lora_A.weight`]?.values;
      const up = pairs[`${layer}.lora_B.weight`]?.values;
      const expected = base[name].values.map((value, i) => {
        if (down === undefined) return value;
        const [row, column] = [Math.floor(i / shape[1]), i % shape[1]];
        let product = 0;
        for (let r = 0; r < 3; r++) product += up[row * 3 + r] * down[r * shape[1] + column];
        return value + 2 * product; // α/r = 6/3
      });
      expect(values).toEqual(expected);
    });
    expect(seen.sort()).toEqual(Object.keys(base).sort());
  });

  test('merges each layer of an adapter with the scale that its patterns give it', async () => {
    const base = await writeTinyModel(model);
    await writeTinyAdapter(adapter, model);
    await exportModel({ source: adapter, format: 'huggingface', out });
    const plain = await weightsOf(out);
    const path = join(adapter, 'adapter_config.json');
    await writeFile(path, JSON.stringify({ ...((await json(path)) as object), alpha_pattern: { q_proj: 12 } }));
    await exportModel({ source: adapter, format: 'huggingface', out: `${out}-patterns` });
    for (const [name, values] of await weightsOf(`${out}-patterns`)) {
      const factor = name.endsWith('q_proj.weight') ? 2 : 1;
      const change = values.map((value, i) => value - base[name].values[i]);
      const before = (plain.get(name) as Float32Array).map((value, i) => factor * (value - base[name].values[i]));
      change.forEach((value, i) => expect(value).toBeCloseTo(before[i], 5));
    }
  });

  test('shards with an index, and says its dtype', async () => {
    await writeTinyModel(model);
    const { files } = await exportModel({
      source: model,
      format: 'huggingface',
      out,
      dtype: 'bfloat16',
      maxFileBytes: 20_000,
    });
    expect(files.filter(({ name }) => name.endsWith('.safetensors')).length).toBeGreaterThan(2);
    expect(await json(join(out, 'config.json'))).toEqual({ ...tinyConfig, dtype: 'bfloat16', torch_dtype: 'bfloat16' });
    const weights = await openModelWeights(out);
    expect(new Set(weights.tensors.map(({ dtype }) => dtype))).toEqual(new Set(['BF16']));
    await weights.close();
  });

  test('takes the dtype that the config names when none is asked for', async () => {
    await writeTinyModel(model, { ...tinyConfig, dtype: 'float16' });
    await exportModel({ source: model, format: 'huggingface', out });
    const weights = await openModelWeights(out);
    expect(weights.tensors[0].dtype).toBe('F16');
    await weights.close();
  });
});

test('adapter: the adapter, its tokenizer and nothing of the trainer', async () => {
  await writeTinyModel(model);
  await writeTinyAdapter(adapter, 'model'); // named as a neighbour
  const { files } = await exportModel({ source: adapter, format: 'adapter', out: join(folder, 'elsewhere/out') });
  expect(files.map(({ name }) => name)).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  expect(await json(join(folder, 'elsewhere/out/adapter_config.json'))).toMatchObject({
    base_model_name_or_path: model,
    r: 3,
  });
  await expect(exportModel({ source: model, format: 'adapter', out })).rejects.toMatchObject({ code: 'model_invalid' });
});

describe('gguf', () => {
  test('holds the config, the tokenizer and every tensor at its place', async () => {
    const weights = await writeTinyModel(model);
    await exportModel({ source: model, format: 'gguf', out, name: 'My model' });
    const { magic, version, metadata, tensors, dataBytes } = readGguf(join(out, 'My-model-f16.gguf'));
    expect([magic, version]).toEqual(['GGUF', 3]);
    expect(metadata).toMatchObject({
      'general.architecture': 'llama',
      'general.name': 'My model',
      'general.file_type': 1,
      'llama.block_count': 1,
      'llama.context_length': 32,
      'llama.attention.head_count_kv': 2,
      'llama.rope.dimension_count': 16,
      'llama.rope.freq_base': 10000,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.merges': ['a b', 'ab c'],
      'tokenizer.ggml.eos_token_id': 2,
      'tokenizer.ggml.eot_token_id': 0,
      'tokenizer.ggml.padding_token_id': 0,
      'tokenizer.ggml.add_bos_token': false,
    });
    expect((metadata['tokenizer.ggml.tokens'] as string[]).slice(32, 35)).toEqual(['abc', '[PAD33]', '[PAD34]']);
    expect((metadata['tokenizer.ggml.token_type'] as number[]).slice(0, 4)).toEqual([3, 3, 3, 1]);
    expect(metadata['tokenizer.chat_template']).toContain('<|im_start|>');
    expect(Object.keys(tensors)).toHaveLength(Object.keys(weights).length);
    expect(tensors['token_embd.weight'].dimensions).toEqual([64, 40]);
    const norm = tensors['output_norm.weight'];
    expect([norm.type, norm.bytes.readFloatLE(4)]).toEqual([0, weights['model.norm.weight'].values[1]]);
    for (const { offset } of Object.values(tensors)) expect(offset % 32).toBe(0);
    const last = Math.max(...Object.values(tensors).map(({ offset }) => offset));
    expect(dataBytes).toBeGreaterThan(last);
  });

  test('puts query rows in neighbouring pairs: row 1 of a head is row 8 of 16', async () => {
    const weights = await writeTinyModel(model);
    await exportModel({ source: model, format: 'gguf', out });
    const { bytes } = readGguf(join(out, 'model-f16.gguf')).tensors['blk.0.attn_q.weight'];
    const rows = new Float16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 64 * 64 * 2));
    const { values } = weights['model.layers.0.self_attn.q_proj.weight'];
    expect([...rows.subarray(64, 128)]).toEqual([...new Float16Array(values.subarray(8 * 64, 9 * 64))]);
    expect([...rows.subarray(17 * 64, 18 * 64)]).toEqual([...new Float16Array(values.subarray(24 * 64, 25 * 64))]);
  });

  test('q8_0 keeps vectors in f32 and rows of other lengths in f16', async () => {
    await writeTinyModel(model);
    await exportModel({ source: model, format: 'gguf', out, type: 'q8_0' });
    const { tensors, metadata } = readGguf(join(out, 'model-q8_0.gguf'));
    const types = ['token_embd.weight', 'blk.0.attn_norm.weight', 'blk.0.ffn_down.weight'].map(
      (name) => tensors[name].type,
    );
    expect(types).toEqual([8, 0, 1]);
    expect(metadata['general.file_type']).toBe(7);
  });

  test.each([
    ['a splitter that llama.cpp lacks', tinyConfig, { ...tinyTokenizer, pre_tokenizer: splitAt(' ') }, 'pre_tokenizer'],
    [
      'a tokenizer that is no BPE',
      tinyConfig,
      { ...tinyTokenizer, model: { type: 'Unigram', vocab: [['a', -1]], unk_id: 0 } },
      'model.type',
    ],
    ['a family that it does not know', { ...tinyConfig, model_type: 'gpt_neox' }, tinyTokenizer, 'model_type'],
    [
      'a reward model',
      { ...tinyConfig, architectures: ['LlamaForSequenceClassification'] },
      tinyTokenizer,
      'architectures',
    ],
    [
      'a scaling it does not know',
      { ...tinyConfig, rope_scaling: { rope_type: 'other' } },
      tinyTokenizer,
      'rope_scaling',
    ],
    ['an embedding that is too small', { ...tinyConfig, vocab_size: 20 }, tinyTokenizer, 'model.vocab'],
  ])('refuses %s and leaves nothing', async (_what, config, tokenizer, field) => {
    await writeTinyModel(model, config, tokenizer);
    const request = exportModel({ source: model, format: 'gguf', out: join(folder, 'new/out') });
    await expect(request).rejects.toMatchObject({ code: 'model_unsupported', where: { field } });
    expect(await readdir(folder)).toEqual(['model']);
  });
});

function splitAt(pattern: string): object {
  const split = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { type: 'ByteLevel', add_prefix_space: false, use_regex: false }] };
}

test('q8_0: hand-computed blocks', () => {
  const values = new Float32Array(64);
  values.set([127, -63.5, 0.5, -0.5, 1.5, -127], 0); // scale 1: ties go away from zero
  const bytes = toQ8(values);
  expect([...bytes.subarray(0, 9)]).toEqual([0x00, 0x3c, 127, 256 - 64, 1, 255, 2, 256 - 127, 0]);
  expect([...bytes.subarray(34)]).toEqual(new Array(34).fill(0)); // a block of zeros has the scale 0
});

describe('ollama', () => {
  test('a Modelfile with the template in its language and a stop for every end token', async () => {
    await writeTinyModel(model);
    const { files, notes } = await exportModel({ source: model, format: 'ollama', out, type: 'q8_0' });
    expect(files.map(({ name }) => name)).toEqual(['Modelfile', 'model-q8_0.gguf']);
    expect(notes).toEqual([]);
    expect(await readFile(join(out, 'Modelfile'), 'utf8')).toBe(
      'FROM ./model-q8_0.gguf\n' +
        'TEMPLATE """{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"""\n' +
        'PARAMETER stop "<|im_end|>"\nPARAMETER stop "<pad>"\n',
    );
  });

  test('an unknown template is left to Ollama, and said', async () => {
    await writeTinyModel(model);
    await writeFile(join(model, 'chat_template.jinja'), "{{ messages[0]['content'] }}");
    const { notes } = await exportModel({ source: model, format: 'ollama', out });
    expect(await readFile(join(out, 'Modelfile'), 'utf8')).not.toContain('TEMPLATE');
    expect(notes.join()).toContain('chat template');
  });
});

describe('the folder', () => {
  test('is not replaced, unless it holds an export and may be', async () => {
    await writeTinyModel(model);
    const request = { source: model, format: 'huggingface', out } as const;
    await exportModel(request);
    await expect(exportModel(request)).rejects.toMatchObject({ code: 'io_failed', where: { path: out } });
    await exportModel({ ...request, format: 'gguf', force: true });
    expect(await readdir(out)).toEqual(['model-f16.gguf']);
    await writeFile(join(out, 'thesis.doc'), '');
    await expect(exportModel({ ...request, force: true })).rejects.toThrow('thesis.doc');
    expect(await readdir(out)).toHaveLength(2);
  });

  test('is never the one that is read, nor around it', async () => {
    await writeTinyModel(model);
    for (const place of [model, folder]) {
      const request = exportModel({ source: model, format: 'gguf', out: place, force: true });
      await expect(request).rejects.toMatchObject({ code: 'io_failed' });
    }
    expect(await readdir(folder)).toEqual(['model']);
  });

  test('leaves nothing behind when weights end midway', async () => {
    await writeTinyModel(model, { ...tinyConfig, dtype: 'bfloat16' });
    await mkdir(out);
    await writeFile(join(out, 'old.gguf'), 'old');
    const path = join(model, 'model.safetensors');
    // The values of one weight become infinite in float16.
    const bytes = await readFile(path);
    bytes.writeFloatLE(1e6, bytes.length - 4);
    await writeFile(path, bytes);
    const request = exportModel({ source: model, format: 'huggingface', dtype: 'float16', out, force: true });
    await expect(request).rejects.toMatchObject({ code: 'model_unsupported' });
    expect(await readdir(folder)).toEqual(['model', 'out']);
    expect(await readFile(join(out, 'old.gguf'), 'utf8')).toBe('old');
  });
});
