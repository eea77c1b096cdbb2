/** Writes safetensors files one tensor at a time, so that a model of any size takes the memory of its largest tensor. */
import { open, type FileHandle } from 'node:fs/promises';
import { narrow, widthOf, type FloatFormat } from './float-formats.ts';
import type { TensorSource } from './tensor-file.ts';

/** Elements that are converted to 16 bits at once. */
const CHUNK_ELEMENTS = 2 ** 20;

/**
 * Writes tensors and syncs them to the disk.
 *
 * @param metadata goes into the header; `{ format: 'pt' }` is what transformers asks for
 * @throws Error when a tensor's values are not as many as its shape says
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, TensorSource]>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  // Wide types first: then every tensor is aligned to its type.
  const list = [...tensors].sort(([, a], [, b]) => widthOf(formatOf(b)) - widthOf(formatOf(a)));
  const header: [string, unknown][] = [['__metadata__', metadata]];
  let offset = 0;
  for (const [name, tensor] of list) {
    const end = offset + byteLength(tensor);
    header.push([name, { dtype: formatOf(tensor), shape: tensor.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  let json = JSON.stringify(Object.fromEntries(header));
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8); // the data starts aligned
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  const file = await open(path, 'w');
  try {
    await writeFully(file, prefix);
    await writeFully(file, Buffer.from(json));
    for (const [name, tensor] of list) await writeTensor(file, name, tensor);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Bytes of a tensor as it is stored. */
export function byteLength(tensor: TensorSource): number {
  return elements(tensor) * widthOf(formatOf(tensor));
}

function formatOf(tensor: TensorSource): FloatFormat {
  return tensor.dtype ?? 'F32';
}

function elements({ shape }: TensorSource): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

async function writeTensor(file: FileHandle, name: string, tensor: TensorSource): Promise<void> {
  const values = typeof tensor.values === 'function' ? await tensor.values() : tensor.values;
  if (values.length !== elements(tensor)) {
    throw new Error(`tensor ${name} has ${values.length} values for the shape [${tensor.shape.join()}]`);
  }
  const format = formatOf(tensor);
  if (format === 'F32') {
    await writeFully(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return;
  }
  for (let done = 0; done < values.length; done += CHUNK_ELEMENTS) {
    const part = values.subarray(done, done + CHUNK_ELEMENTS);
    const narrowed = new Uint16Array(part.length);
    narrow(part, format, narrowed);
    await writeFully(file, new Uint8Array(narrowed.buffer));
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.length - done, 2 ** 30));
    done += bytesWritten;
  }
}
