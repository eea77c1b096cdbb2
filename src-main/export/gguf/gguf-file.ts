/** Writes GGUF files, version 3 (github.com/ggml-org/ggml, docs/gguf.md): metadata, a table of tensors, then their aligned bytes. */
import { open, type FileHandle } from 'node:fs/promises';
import { BLOCK_BYTES, BLOCK_VALUES, toHalf, toQ8 } from '../number-formats.ts';

/** Where the data and every tensor in it start at a multiple of. */
const ALIGNMENT = 32;

/** Number formats of tensors by the names that people give them, with ggml's numbers. */
const TENSOR_TYPES = { f32: 0, f16: 1, q8_0: 8 } as const;

export type TensorType = keyof typeof TENSOR_TYPES;

/** A metadata value with its type, which readers insist on. */
export type MetadataValue =
  | { u32: number }
  | { f32: number }
  | { bool: boolean }
  | { string: string }
  | { strings: readonly string[] }
  | { f32s: readonly number[] }
  | { i32s: readonly number[] };

/** Metadata by key, in the order in which it is written. */
export type Metadata = Readonly<Record<string, MetadataValue>>;

export interface GgufTensor {
  name: string;
  /** Outermost dimension first, as in safetensors; the file has them the other way round. */
  shape: readonly number[];
  /** q8_0 takes rows of a whole number of blocks of 32. */
  type: TensorType;
  /** Called when it is the tensor's turn, so that one tensor at a time is in memory. */
  values: () => Promise<Float32Array>;
}

/** Writes a file and syncs it to the disk. */
export async function writeGguf(path: string, metadata: Metadata, tensors: readonly GgufTensor[]): Promise<void> {
  const entries = Object.entries(metadata);
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) parts.push(text(key), ...encodeValue(value));
  let offset = 0;
  for (const tensor of tensors) {
    const dimensions = [...tensor.shape].reverse().map(u64);
    parts.push(text(tensor.name), u32(dimensions.length), ...dimensions, u32(TENSOR_TYPES[tensor.type]), u64(offset));
    offset = aligned(offset + byteLength(tensor));
  }
  const header = Buffer.concat(parts);
  const file = await open(path, 'w');
  try {
    await writePadded(file, header);
    for (const tensor of tensors) {
      const bytes = encode(await tensor.values(), tensor.type);
      if (bytes.length !== byteLength(tensor))
        throw new Error(`${tensor.name} has ${bytes.length} bytes instead of ${byteLength(tensor)}`);
      await writePadded(file, bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function byteLength({ shape, type }: GgufTensor): number {
  const values = shape.reduce((product, dimension) => product * dimension, 1);
  if (type === 'q8_0') return (values / BLOCK_VALUES) * BLOCK_BYTES;
  return values * (type === 'f16' ? 2 : 4);
}

function encode(values: Float32Array, type: TensorType): Uint8Array {
  if (type === 'f16') return toHalf(values);
  if (type === 'q8_0') return toQ8(values);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function encodeValue(value: MetadataValue): Buffer[] {
  if ('u32' in value) return [u32(4), u32(value.u32)];
  if ('f32' in value) return [u32(6), f32(value.f32)];
  if ('bool' in value) return [u32(7), Buffer.from([value.bool ? 1 : 0])];
  if ('string' in value) return [u32(8), text(value.string)];
  if ('strings' in value) return [...array(8, value.strings.length), ...value.strings.map(text)];
  if ('f32s' in value) return [...array(6, value.f32s.length), ...value.f32s.map(f32)];
  return [...array(5, value.i32s.length), ...value.i32s.map(i32)];
}

function array(elementType: number, length: number): Buffer[] {
  return [u32(9), u32(elementType), u64(length)];
}

const u32 = (value: number): Buffer => number(4, (bytes) => bytes.writeUInt32LE(value));
const i32 = (value: number): Buffer => number(4, (bytes) => bytes.writeInt32LE(value));
const f32 = (value: number): Buffer => number(4, (bytes) => bytes.writeFloatLE(value));
const u64 = (value: number): Buffer => number(8, (bytes) => bytes.writeBigUInt64LE(BigInt(value)));

function number(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

async function writePadded(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (const part of [bytes, new Uint8Array(aligned(bytes.length) - bytes.length)]) {
    for (let done = 0; done < part.length;) {
      const { bytesWritten } = await file.write(part, done, Math.min(part.length - done, 2 ** 30));
      done += bytesWritten;
    }
  }
}
