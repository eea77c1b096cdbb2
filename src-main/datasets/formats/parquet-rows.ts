/** Rows of a Parquet file, one row group in memory at a time. */
import { open, type FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { StudioError } from '../../contract/errors.ts';
import type { OnRead, RawRow } from './raw-row.ts';

/** Beside hyparquet's own: uncompressed and Snappy. */
const compressors = {
  GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
  BROTLI: (input: Uint8Array) => new Uint8Array(brotliDecompressSync(input)),
  ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)),
};

const readable = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];

/** @throws StudioError dataset_invalid when the file is damaged or compressed in a way that cannot be read */
export async function* readParquetRows(path: string, onRead?: OnRead): AsyncGenerator<RawRow> {
  const handle = await open(path);
  try {
    const file = await asyncBuffer(handle);
    const metadata = await readMetadata(path, file);
    let number = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = number + Number(group.num_rows);
      const rows = await readGroup(path, file, metadata, number, rowEnd);
      onRead?.(group.columns.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_compressed_size ?? 0), 0));
      for (const row of rows) yield { number: ++number, value: plainValue(row) };
    }
  } finally {
    await handle.close();
  }
}

/** How many rows the file says it has. */
export async function countParquetRows(path: string): Promise<number> {
  const handle = await open(path);
  try {
    return Number((await readMetadata(path, await asyncBuffer(handle))).num_rows);
  } finally {
    await handle.close();
  }
}

async function asyncBuffer(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(Math.max(0, end - start));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) throw new Error('the file ends too early');
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

async function readMetadata(path: string, file: AsyncBuffer): Promise<FileMetaData> {
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => Promise.reject(damaged(path, error)));
  for (const { columns } of metadata.row_groups) {
    const codec = columns.map(({ meta_data }) => meta_data?.codec ?? 'UNCOMPRESSED').find((c) => !readable.includes(c));
    if (codec === undefined) continue;
    const message = `${path} is compressed with ${codec}, which the studio cannot read. Write it again with Snappy, Gzip or Zstandard, or as JSONL.`;
    throw new StudioError('dataset_invalid', message, { path });
  }
  return metadata;
}

async function readGroup(path: string, file: AsyncBuffer, metadata: FileMetaData, rowStart: number, rowEnd: number) {
  try {
    return await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors });
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, error: unknown): StudioError {
  const message = `${path} is no whole Parquet file: ${(error as Error).message}.`;
  return new StudioError('dataset_invalid', message, { path }, { cause: error });
}

/** As JSON knows it: whole numbers past 2^53 and moments become texts, bytes become base64. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plainValue(part)]));
}
