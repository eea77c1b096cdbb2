/** Reads safetensors files: an 8-byte length, a JSON header, then the tensors' bytes (huggingface.co/docs/safetensors). */
import type { FileHandle } from 'node:fs/promises';
import { StudioError } from '../contract/errors.ts';
import { openFile } from './checkpoint-files.ts';
import { isFloatFormat, widen } from './float-formats.ts';
import { MAX_HEADER_BYTES, parseHeader, type HeaderEntry } from './safetensors-header.ts';
import type { NamedArray, StoredTensor, TensorFile } from './tensor-file.ts';

/** Bytes that are read from the file at once, so that widening 16-bit floats takes little memory besides the result. */
const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * Opens a file and checks its header; no tensor is read yet.
 *
 * @throws StudioError `model_invalid` for a file that is missing, truncated or malformed
 */
export async function openSafetensors(path: string): Promise<TensorFile> {
  const file = await openFile(path, 'model_invalid');
  if (file === null) throw new StudioError('model_invalid', `${path} does not exist.`, { path });
  try {
    const { entries, dataStart } = await readHeader(file, path);
    const tensors = entries.map((entry): StoredTensor => {
      const { name, shape, dtype, begin, end } = entry;
      return { name, shape, dtype, bytes: end - begin, path, read: () => readTensor(file, path, entry, dataStart) };
    });
    return { path, tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Calls `visit` with every tensor of the file, one at a time and as float32.
 *
 * @throws StudioError as `openSafetensors` and `StoredTensor.read`
 */
export async function readSafetensors(path: string, visit: (name: string, array: NamedArray) => void): Promise<void> {
  const file = await openSafetensors(path);
  try {
    for (const tensor of file.tensors) visit(tensor.name, { shape: tensor.shape, values: await tensor.read() });
  } finally {
    await file.close();
  }
}

/** The error for a tensor that `read` refuses. */
export function unreadableDtype({ path, name, dtype }: Pick<StoredTensor, 'path' | 'name' | 'dtype'>): StudioError {
  const message = `${path}: tensor ${name} is ${dtype}; F32, F16 and BF16 can be read`;
  return new StudioError('model_unsupported', message, { path, field: name });
}

async function readHeader(file: FileHandle, path: string): Promise<{ entries: HeaderEntry[]; dataStart: number }> {
  const invalid = (message: string): StudioError =>
    new StudioError('model_invalid', `${path} is no whole safetensors file: ${message}; download or export it again`, {
      path,
    });
  const { size } = await file.stat();
  if (size < 8) throw invalid(`it has only ${size} bytes`);
  const prefix = Buffer.alloc(8);
  await readFully(file, prefix, 0, path);
  const length = prefix.readBigUInt64LE();
  if (length > MAX_HEADER_BYTES || 8 + Number(length) > size) {
    throw invalid(`its header claims ${length} bytes of ${size}`);
  }
  const header = Buffer.alloc(Number(length));
  await readFully(file, header, 8, path);
  const dataStart = 8 + header.length;
  try {
    return { entries: parseHeader(header, size - dataStart), dataStart };
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

async function readTensor(
  file: FileHandle,
  path: string,
  { name, dtype, begin, end }: HeaderEntry,
  dataStart: number,
): Promise<Float32Array> {
  if (!isFloatFormat(dtype)) throw unreadableDtype({ path, name, dtype });
  const bytes = end - begin;
  if (dtype === 'F32') {
    const values = new Float32Array(bytes / 4);
    await readFully(file, new Uint8Array(values.buffer), dataStart + begin, path);
    return values;
  }
  const values = new Float32Array(bytes / 2);
  const chunk = new Uint8Array(Math.min(bytes, CHUNK_BYTES));
  for (let done = 0; done < bytes; done += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
    await readFully(file, part, dataStart + begin + done, path);
    widen(new Uint16Array(part.buffer, 0, part.length / 2), dtype, values.subarray(done / 2, (done + part.length) / 2));
  }
  return values;
}

async function readFully(file: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(target.length - done, 2 ** 30);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) {
      throw new StudioError('model_invalid', `${path} ends in the middle of its data; download or export it again`, {
        path,
      });
    }
    done += bytesRead;
  }
}
