import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));

async function readAll(path: string): Promise<Record<string, { shape: number[]; values: number[] }>> {
  const tensors: Record<string, { shape: number[]; values: number[] }> = {};
  await readSafetensors(path, (name, { shape, values }) => (tensors[name] = { shape, values: [...values] }));
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

  test.each([
    [
      'is too short',
      () => {
        const path = join(folder, 'short');
        writeFileSync(path, 'abc');
        return path;
      },
      /only 3 bytes/,
    ],
    ['claims a header beyond its end', () => file('claims', '{}', new Uint8Array(), 4000), /header claims 4000 bytes/],
    ['has a header that is not JSON', () => file('text', 'nonsense', new Uint8Array()), /not JSON/],
    ['has a header that is no object', () => file('array', '[1]', new Uint8Array()), /not an object/],
    [
      'has a malformed entry',
      () => file('entry', '{"w":{"dtype":"F32"}}', new Uint8Array()),
      /tensor w has a malformed entry/,
    ],
    [
      'has a dtype we do not read',
      () => file('dtype', JSON.stringify({ w: entry('I64', [1], 0, 8) }), new Uint8Array(8)),
      /tensor w is I64/,
    ],
    [
      'is cut off',
      () => file('cut', JSON.stringify({ w: entry('F32', [4], 0, 16) }), new Uint8Array(12)),
      /tensor w needs bytes 0 to 16/,
    ],
    [
      'has offsets that do not fit the shape',
      () => file('fit', JSON.stringify({ w: entry('F32', [4], 0, 12) }), new Uint8Array(12)),
      /needs bytes/,
    ],
  ])('refuses a file that %s', async (_what, make, message) => {
    const path = make();
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringMatching(message),
      where: { path },
    });
  });
});
