import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { goldenFolder } from '../../../e2e/fixtures/golden.ts';
import { readAdapterDescription } from '../../checkpoint/adapter-description.ts';
import { loraScale } from '../../checkpoint/adapter-shapes.ts';
import { readSafetensors } from '../../checkpoint/safetensors.ts';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.ts';
import type { NamedArray } from '../../checkpoint/tensor-file.ts';
import { selectBackend } from '../tensor/backend.ts';
import { tokenizerFolder, writeAdapter } from './adapter-files.ts';
import type { Adapter } from './lora.ts';
import { loadPolicy } from './policy.ts';

const base = join(goldenFolder, 'models/llama-tied');
const golden = join(goldenFolder, 'models/llama-tied-lora');
const WEIGHTS = 'adapter_model.safetensors';
const DOWN = 'base_model.model.model.layers.0.mlp.down_proj.lora_A.weight';

type Json = Record<string, unknown>;

/** The golden adapter with some fields of its config and some tensors changed; null takes a tensor away. */
async function adapterWith(fields: Json, tensors: Record<string, NamedArray | null> = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'adapter-'));
  const config = JSON.parse(readFileSync(join(golden, 'adapter_config.json'), 'utf8')) as Json;
  writeFileSync(
    join(folder, 'adapter_config.json'),
    JSON.stringify({ ...config, base_model_name_or_path: base, ...fields }),
  );
  const arrays = new Map<string, NamedArray>();
  await readSafetensors(join(golden, WEIGHTS), (name, array) => arrays.set(name, array));
  for (const [name, array] of Object.entries(tensors)) {
    if (array === null) arrays.delete(name);
    else arrays.set(name, array);
  }
  await writeSafetensors(join(folder, WEIGHTS), arrays, {});
  return folder;
}

const load = (folder: string, trainable = false) => loadPolicy(folder, { trainable });
const zeros = (...shape: number[]): NamedArray => ({ shape, values: new Float32Array(shape[0] * shape[1]) });

beforeAll(async () => void (await selectBackend('cpu')));

describe('PEFT adapters', () => {
  test('are read with their base model, which may be named by its place beside the adapter', async () => {
    expect(await readAdapterDescription(golden)).toEqual({
      folder: golden,
      baseFolder: base,
      task: 'CAUSAL_LM',
      settings: {
        rank: 4,
        alpha: 8,
        rsLora: false,
        dropout: 0,
        targetModules: ['q_proj', 'k_proj', 'o_proj', 'v_proj', 'up_proj', 'gate_proj', 'down_proj'],
        rankPattern: {},
        alphaPattern: {},
      },
    });
    expect(await readAdapterDescription(base)).toBeNull();
    expect(await tokenizerFolder(golden)).toBe(base);
  });

  test('are written as they were read', async () => {
    const policy = await load(golden);
    const folder = mkdtempSync(join(tmpdir(), 'adapter-'));
    await writeAdapter(folder, policy.adapter as Adapter, base, null);
    const all = async (path: string) => {
      const arrays: Record<string, NamedArray> = {};
      await readSafetensors(path, (name, array) => (arrays[name] = array));
      return arrays;
    };
    expect(await all(join(folder, WEIGHTS))).toEqual(await all(join(golden, WEIGHTS)));
    expect(await readAdapterDescription(folder)).toEqual({ ...(await readAdapterDescription(golden)), folder });
    policy.dispose();
  });

  test('stand on all linear layers, on some, or on one named by its path', async () => {
    const whole = await load(await adapterWith({ target_modules: 'all-linear' }));
    expect(Object.keys(whole.adapter?.weights ?? {})).toHaveLength(2 * 7 * whole.config.layers);
    whole.dispose();
    const layer = 'model.layers.1.self_attn.k_proj';
    const folder = await adapterWith({ target_modules: [layer] });
    await writeSafetensors(
      join(folder, WEIGHTS),
      Object.entries({
        [`base_model.model.${layer}.lora_A.weight`]: zeros(4, 48),
        [`base_model.model.${layer}.lora_B.weight`]: zeros(24, 4),
      }),
      {},
    );
    const one = await load(folder);
    expect(Object.keys(one.adapter?.weights ?? {})).toEqual([`${layer}.lora_A.weight`, `${layer}.lora_B.weight`]);
    one.dispose();
  });

  test('may name their layers by one expression, and give some of them another rank or scale', async () => {
    const layers = (names: string) => names.split(' ').map((name) => `model.layers.0.self_attn.${name}_proj`);
    const [query, key] = layers('q k');
    const folder = await adapterWith({
      target_modules: '.*layers\\.0\\..*(q|k)_proj',
      r: 3,
      lora_alpha: 6,
      rank_pattern: { q_proj: 1, proj: 5 },
      alpha_pattern: { '.*0.self_attn.k_proj': 7, other: 8 },
      lora_dropout: 0.25,
    });
    const names = [query, key].flatMap((layer) => [`${layer}.lora_A.weight`, `${layer}.lora_B.weight`]);
    const shapes = [[1, 48], [48, 1], [3, 48], [24, 3]]; // prettier-ignore
    await writeSafetensors(
      join(folder, WEIGHTS),
      names.map((name, i): [string, NamedArray] => [`base_model.model.${name}`, zeros(...shapes[i])]),
      {},
    );
    const policy = await load(folder, true);
    const adapter = policy.adapter as Adapter;
    expect(Object.entries(adapter.weights).map(([name, { shape }]) => [name, shape])).toEqual(
      names.map((name, i) => [name, shapes[i]]),
    );
    expect([query, key].map((layer) => loraScale(adapter.settings, layer))).toEqual([6, 7 / 3]);

    const copy = mkdtempSync(join(tmpdir(), 'adapter-'));
    await writeAdapter(copy, adapter, base, null);
    expect(await readAdapterDescription(copy)).toEqual({ ...(await readAdapterDescription(folder)), folder: copy });
    policy.dispose();
  });

  test.each(['F16', 'BF16'] as const)('are read in %s', async (dtype) => {
    const folder = await adapterWith({});
    const arrays = new Map<string, NamedArray>();
    await readSafetensors(join(golden, WEIGHTS), (name, array) => arrays.set(name, array));
    const narrow = [...arrays].map(([name, array]) => [name, { ...array, dtype }] as const);
    await writeSafetensors(join(folder, WEIGHTS), narrow, {});
    const [exact, rounded] = [await load(golden), await load(folder)];
    const name = DOWN.slice('base_model.model.'.length);
    const [mine, theirs] = [rounded, exact].map((policy) => policy.adapter!.weights[name].dataSync() as Float32Array);
    const off = Math.max(...mine.map((value, i) => Math.abs(value - theirs[i])));
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(2 ** (dtype === 'F16' ? -11 : -8) * Math.max(...theirs.map(Math.abs)));
    exact.dispose();
    rounded.dispose();
  });

  test.each<[string, unknown]>([
    ['use_dora', true],
    ['lora_bias', true],
    ['modules_to_save', ['lm_head']],
    ['target_modules', ['q_proj', 'lm_head']],
    ['target_modules', '.*(embed_tokens|q_proj)'],
    ['target_modules', '.*(?<!k)_proj'],
    ['rank_pattern', { '(': 2 }],
    ['exclude_modules', ['k_proj']],
    ['fan_in_fan_out', true],
    ['layers_to_transform', 0],
    ['trainable_token_indices', [3]],
    ['a_field_of_the_future', 0.5],
    ['bias', 'all'],
    ['peft_type', 'IA3'],
    ['task_type', 'SEQ_CLS'],
    ['task_type', 'TOKEN_CLS'],
    ['init_lora_weights', 'pissa'],
  ])('are refused by name when they use %s', async (field, value) => {
    await expect(load(await adapterWith({ [field]: value }))).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringContaining(field) as string,
      where: { field },
    });
  });

  test.each<[string, unknown]>([
    ['r', 0],
    ['lora_alpha', 'much'],
    ['target_modules', ['c_attn']],
    ['target_modules', 'q_proj'],
    ['target_modules', []],
    ['rank_pattern', { q_proj: 0 }],
    ['alpha_pattern', { q_proj: 'much' }],
    ['base_model_name_or_path', 'nowhere/to-be-found'],
    ['base_model_name_or_path', null],
  ])('with a wrong %s (%j) are invalid', async (field, value) => {
    await expect(load(await adapterWith({ [field]: value }))).rejects.toMatchObject({
      code: 'model_invalid',
      where: { field: expect.stringMatching(`^${field}`) as string },
    });
  });

  test.each<[string, Record<string, NamedArray | null>, RegExp]>([
    ['lacks a tensor', { [DOWN]: null }, /lacks the tensor .*layers\.0\.mlp\.down_proj\.lora_A/],
    [
      'has one of another shape',
      { [DOWN]: zeros(4, 95) },
      /shape \[4,95\], but adapter_config\.json calls for \[4,96\]/,
    ],
    ['has one too many', { 'base_model.model.lm_head.weight': zeros(1, 1) }, /lm_head\.weight that its adapter_config/],
  ])('are invalid when the file %s; nothing stays in memory', async (_what, tensors, message) => {
    const before = tf.memory().numTensors;
    await expect(load(await adapterWith({}, tensors))).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringMatching(message) as string,
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('whose base is gone say where it was looked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'models-'));
    cpSync(golden, join(folder, 'adapter'), { recursive: true });
    await expect(load(join(folder, 'adapter'))).rejects.toThrow(
      `the base model llama-tied of the adapter adapter is not on this disk (looked for ${join(folder, 'llama-tied')}`,
    );
    cpSync(base, join(folder, 'llama-tied'), { recursive: true });
    (await load(join(folder, 'adapter'))).dispose();
  });

  test("find their base in the Hub's cache by its id", async () => {
    const cache = mkdtempSync(join(tmpdir(), 'hub-'));
    const repository = join(cache, 'models--someone--llama-tied');
    mkdirSync(join(repository, 'refs'), { recursive: true });
    writeFileSync(join(repository, 'refs/main'), 'abc123');
    vi.stubEnv('HF_HUB_CACHE', cache);
    const folder = await adapterWith({ base_model_name_or_path: 'someone/llama-tied' });
    await expect(load(folder)).rejects.toThrow(join(repository, 'snapshots/abc123'));
    cpSync(base, join(repository, 'snapshots/abc123'), { recursive: true });
    (await load(folder)).dispose();
    const other = await adapterWith({ base_model_name_or_path: 'someone/else' });
    await expect(load(other)).rejects.toThrow('the base model someone/else');
    vi.unstubAllEnvs();
  });

  test('bring their own tokenizer or use that of the base', async () => {
    const folder = await adapterWith({});
    expect(await tokenizerFolder(folder)).toBe(base);
    writeFileSync(join(folder, 'tokenizer.json'), '{}');
    expect(await tokenizerFolder(folder)).toBe(folder);
    rmSync(join(folder, 'tokenizer.json'));
    mkdirSync(join(folder, 'empty'));
    expect(await tokenizerFolder(join(folder, 'empty'))).toBe(join(folder, 'empty'));
  });

  test('with a config that is no JSON are invalid', async () => {
    const folder = await adapterWith({});
    writeFileSync(join(folder, 'adapter_config.json'), '{');
    await expect(load(folder)).rejects.toMatchObject({ code: 'model_invalid' });
  });
});
