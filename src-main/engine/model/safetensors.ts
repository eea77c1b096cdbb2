/** Reads and writes safetensors files: an 8-byte length, a JSON header, then the tensors' bytes (huggingface.co/docs/safetensors). */
import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { StudioError } from '../../contract/errors.ts';

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/** Largest header that the format's own library accepts. */
const MAX_HEADER_BYTES = 100_000_000;

const BYTES: Record<string, number> = { F32: 4, F16: 2, BF16: 2 };

export interface NamedArray {
  shape: number[];
  values: Float32Array;
}

interface Entry {
  dtype: string;
  shape: number[];
  begin: number; // byte offset in the file
  bytes: number;
}

/**
 * Calls `visit` with every tensor of the file, one at a time and as float32.
 *
 * @throws StudioError `model_invalid` for a truncated or malformed file or a dtype that is not F32, F16 or BF16
 */
export async function readSafetensors(path: string, visit: (name: string, array: NamedArray) => void): Promise<void> {
  const file = await open(path).catch((error: unknown) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const sentence = missing
      ? `${path} does not exist; weights are read from this one file, so a checkpoint in several parts must be saved again as one`
      : `cannot open ${path}: ${(error as Error).message}`;
    throw new StudioError('model_invalid', sentence, { path }, { cause: error });
  });
  try {
    const entries = await readHeader(file, path);
    for (const [name, entry] of entries) {
      const buffer = Buffer.alloc(entry.bytes);
      await readFully(file, buffer, entry.begin, path);
      visit(name, { shape: entry.shape, values: toFloat32(buffer, entry.dtype) });
    }
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, path: string): Promise<Map<string, Entry>> {
  const invalid = (message: string): StudioError =>
    new StudioError('model_invalid', `${path} is no whole safetensors file: ${message}; download or export it again`, {
      path,
    });
  const size = (await file.stat()).size;
  if (size < 8) throw invalid(`it has only ${size} bytes`);
  const prefix = Buffer.alloc(8);
  await readFully(file, prefix, 0, path);
  const length = prefix.readBigUInt64LE();
  if (length > MAX_HEADER_BYTES || 8 + Number(length) > size)
    throw invalid(`its header claims ${length} bytes of ${size}`);
  const header = Buffer.alloc(Number(length));
  await readFully(file, header, 8, path);
  let json: unknown;
  try {
    json = JSON.parse(header.toString('utf8'));
  } catch {
    throw invalid('its header is not JSON');
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(json);
  if (!parsed.success) throw invalid('its header is not an object');

  const dataStart = 8 + Number(length);
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(parsed.data)) {
    if (name === '__metadata__') continue;
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw invalid(`tensor ${name} has a malformed entry`);
    const {
      dtype,
      shape,
      data_offsets: [begin, end],
    } = entry.data;
    if (!(dtype in BYTES)) {
      throw new StudioError('model_invalid', `${path}: tensor ${name} is ${dtype}; F32, F16 and BF16 can be read`, {
        path,
        field: name,
      });
    }
    const bytes = shape.reduce((product, dimension) => product * dimension, BYTES[dtype]);
    if (end - begin !== bytes || dataStart + end > size) {
      throw invalid(
        `tensor ${name} needs bytes ${begin} to ${begin + bytes} of its data, but has ${begin} to ${end} in a file of ${size}`,
      );
    }
    entries.set(name, { dtype, shape, begin: dataStart + begin, bytes });
  }
  return entries;
}

async function readFully(file: FileHandle, buffer: Buffer, position: number, path: string): Promise<void> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0)
      throw new StudioError('model_invalid', `${path} ends in the middle of its data; download or export it again`, {
        path,
      });
    done += bytesRead;
  }
}

function toFloat32(buffer: Buffer, dtype: string): Float32Array {
  if (dtype === 'F32') return new Float32Array(buffer.buffer, buffer.byteOffset, buffer.byteLength / 4);
  const halves = new Uint16Array(buffer.buffer, buffer.byteOffset, buffer.byteLength / 2);
  const values = new Float32Array(halves.length);
  if (dtype === 'BF16') {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  } else {
    for (let i = 0; i < halves.length; i++) values[i] = halfToFloat(halves[i]);
  }
  return values;
}

/** IEEE 754 binary16 to a number. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Writes float32 tensors and syncs them to the disk. */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<[string, NamedArray]>,
  metadata: Record<string, string>,
): Promise<void> {
  const list = [...tensors];
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of list) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  let json = JSON.stringify(header);
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8); // the data starts aligned
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  const file = await open(path, 'w');
  try {
    await file.write(prefix);
    await file.write(Buffer.from(json));
    for (const [, { values }] of list) {
      await file.write(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
