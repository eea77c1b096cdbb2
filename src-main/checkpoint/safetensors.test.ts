import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSafetensors } from './safetensors.ts';
import { writeSafetensors } from './safetensors-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));

async function readAll(path: string): Promise<Record<string, { shape: number[]; values: number[] }>> {
  const tensors: Record<string, { shape: number[]; values: number[] }> = {};
  await readSafetensors(path, (name, { shape, values }) => (tensors[name] = { shape, values: Array.from(values) }));
  return tensors;
}

/** A file with the given header text and data bytes. */
function file(name: string, header: string, data: Uint8Array, claimedLength = header.length): string {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(claimedLength));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([prefix, Buffer.from(header), data]));
  return path;
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  test('reads what it wrote', async () => {
    const path = join(folder, 'round-trip.safetensors');
    const a = { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-20, -1e20) };
    const b = { shape: [], values: Float32Array.of(7) };
    await writeSafetensors(path, Object.entries({ a, b }), { format: 'pt' });
    expect(await readAll(path)).toEqual({ a: { shape: [2, 3], values: [...a.values] }, b: { shape: [], values: [7] } });
    expect((await readFile(path)).readBigUInt64LE() % 8n).toBe(0n);
  });

  test('reads half precision: F16 with subnormals and infinities, BF16', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555);
    const brains = Uint16Array.of(0x3f80, 0xc000);
    const data = new Uint8Array([...new Uint8Array(halves.buffer), ...new Uint8Array(brains.buffer)]);
    const header = JSON.stringify({ half: entry('F16', [5], 0, 10), brain: entry('BF16', [2], 10, 14) });
    const { half, brain } = await readAll(file('half', header, data));
    expect(half.values.slice(0, 4)).toEqual([1, -2, 2 ** -24, Infinity]);
    expect(half.values[4]).toBeCloseTo(1 / 3, 3);
    expect(brain.values).toEqual([1, -2]);
  });

  test('reads 16-bit tensors of several chunks', async () => {
    const path = join(folder, 'chunks.safetensors');
    const values = Float32Array.from({ length: 2 ** 21 + 3 }, (_, i) => i % 251);
    await writeSafetensors(path, [['w', { shape: [values.length], values, dtype: 'BF16' }]], {});
    const { w } = await readAll(path);
    expect(w.values.every((value, i) => value === i % 251)).toBe(true);
  });

  test('refuses a type that it cannot read when the tensor is read', async () => {
    const path = file('dtype', JSON.stringify({ w: entry('I64', [1], 0, 8) }), new Uint8Array(8));
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringContaining('tensor w is I64') as string,
      where: { path, field: 'w' },
    });
  });

  // Broken files of all kinds: engine/model/corrupted-checkpoints.test.ts.
  test('says what is wrong with a header', async () => {
    const cut = file('cut', JSON.stringify({ w: entry('F32', [4], 0, 16) }), new Uint8Array(12));
    await expect(readAll(cut)).rejects.toThrow('its tensors need 16 bytes, but only 12 are there');
    const gap = file('gap', JSON.stringify({ w: entry('F32', [1], 4, 8) }), new Uint8Array(8));
    await expect(readAll(gap)).rejects.toThrow(
      'the data of tensor w starts at byte 4, but the data before it ends at 0',
    );
    const twice = file('twice', '{"w":1,"v":{},"\\u0077":2}', new Uint8Array());
    await expect(readAll(twice)).rejects.toThrow('its header has "w" twice');
  });
});
