/** Parses and checks the header of a safetensors file, which may come from anyone. */
import { z } from 'zod';
import { repeatedKey } from './repeated-key.ts';

/** One tensor as the header describes it. */
export interface HeaderEntry {
  name: string;
  dtype: string;
  shape: number[];
  /** Where its bytes lie, counted from the end of the header. */
  begin: number;
  end: number;
}

/** Largest header that the format's own library accepts. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Bits of one element, for all types that the format knows, so that a file's layout can be checked before its types are. */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  U16: 16,
  I16: 16,
  F16: 16,
  BF16: 16,
  U32: 32,
  I32: 32,
  F32: 32,
  U64: 64,
  I64: 64,
  F64: 64,
  C64: 64,
};

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const metadataSchema = z.record(z.string(), z.string());

/**
 * @param bytes the header, without its length
 * @param dataBytes bytes of the file after the header
 * @returns the tensors in the order of their data, which they cover without gap or overlap
 * @throws Error that says what is wrong with the header
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): HeaderEntry[] {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch {
    throw new Error('its header is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('its header is not an object');
  const repeated = repeatedKey(text);
  if (repeated !== null) throw new Error(`its header has ${JSON.stringify(repeated)} twice`);

  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name !== '__metadata__') entries.push(parseEntry(name, value));
    else if (!metadataSchema.safeParse(value).success) throw new Error('its __metadata__ is not a table of texts');
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      throw new Error(`the data of tensor ${name} starts at byte ${begin}, but the data before it ends at ${position}`);
    }
    position = end;
  }
  if (position > dataBytes) throw new Error(`its tensors need ${position} bytes, but only ${dataBytes} are there`);
  if (position < dataBytes) throw new Error(`${dataBytes - position} bytes follow its last tensor`);
  return entries;
}

function parseEntry(name: string, value: unknown): HeaderEntry {
  const entry = entrySchema.safeParse(value);
  if (!entry.success) throw new Error(`tensor ${name} has a malformed entry`);
  const { dtype, shape } = entry.data;
  const [begin, end] = entry.data.data_offsets;
  if (!Object.hasOwn(BITS, dtype)) throw new Error(`tensor ${name} has the unknown type ${JSON.stringify(dtype)}`);
  const bytes = shape.reduce((product, dimension) => {
    if (!Number.isSafeInteger(product * dimension)) throw new Error(`tensor ${name} has a shape beyond all bounds`);
    return product * dimension;
  }, BITS[dtype] / 8);
  if (end - begin !== bytes) {
    throw new Error(`tensor ${name} needs ${bytes} bytes for its shape, but has bytes ${begin} to ${end}`);
  }
  return { name, dtype, shape, begin, end };
}
