import { mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModelWeights, writeModelWeights } from './model-weights.ts';
import type { TensorSource } from './tensor-file.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'weights-'));

const tensors: [string, TensorSource][] = ['a', 'b', 'c'].map((name, index) => [
  name,
  { shape: [2, 4], values: () => Float32Array.from({ length: 8 }, (_, i) => index + i / 8) },
]);

async function readAll(folder: string): Promise<Record<string, number[]>> {
  const file = await openModelWeights(folder);
  const values: Record<string, number[]> = {};
  for (const tensor of file.tensors) values[tensor.name] = [...(await tensor.read())];
  await file.close();
  return values;
}

describe('the weights of a model folder', () => {
  test('are one file when they fit, and several with an index when they do not', async () => {
    const [whole, parts] = [temporary(), temporary()];
    expect(await writeModelWeights(whole, tensors, { maxFileBytes: 1000 })).toEqual(['model.safetensors']);
    expect(await writeModelWeights(parts, tensors, { maxFileBytes: 70 })).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    const index = JSON.parse(readFileSync(join(parts, 'model.safetensors.index.json'), 'utf8')) as unknown;
    expect(index).toEqual({
      metadata: { total_size: 96 },
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00001-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    });
    expect(await readAll(parts)).toEqual(await readAll(whole));
    expect((await readAll(whole))['b']).toEqual([1, 1.125, 1.25, 1.375, 1.5, 1.625, 1.75, 1.875]);
  });

  test('may be links, as in a Hugging Face cache', async () => {
    const [blobs, snapshot] = [temporary(), temporary()];
    await writeModelWeights(blobs, tensors, { maxFileBytes: 70 });
    for (const name of readdirSync(blobs)) symlinkSync(join(blobs, name), join(snapshot, name));
    expect(await readAll(snapshot)).toEqual(await readAll(blobs));
  });

  test('are written in the format that is asked for, the wide ones first', async () => {
    const folder = temporary();
    const mixed: [string, TensorSource][] = [
      ['half', { shape: [3], values: Float32Array.of(1, 2, 3), dtype: 'F16' }],
      ['brain', { shape: [3], values: Float32Array.of(1, 2, 3), dtype: 'BF16' }],
      ['full', { shape: [1], values: Float32Array.of(1 / 3) }],
    ];
    await writeModelWeights(folder, mixed, { maxFileBytes: 1000 });
    const file = await openModelWeights(folder);
    expect(file.tensors.map(({ name, dtype, bytes }) => [name, dtype, bytes])).toEqual([
      ['full', 'F32', 4],
      ['half', 'F16', 6],
      ['brain', 'BF16', 6],
    ]);
    await file.close();
    expect(await readAll(folder)).toEqual({ full: [Math.fround(1 / 3)], half: [1, 2, 3], brain: [1, 2, 3] });
  });

  test('are refused when a tensor is not of its shape', async () => {
    const wrong: [string, TensorSource][] = [['a', { shape: [3], values: Float32Array.of(1) }]];
    await expect(writeModelWeights(temporary(), wrong, { maxFileBytes: 1000 })).rejects.toThrow('has 1 values');
  });
});
