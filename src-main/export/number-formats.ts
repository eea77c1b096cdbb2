/** The number formats that exports store weights in: those of safetensors, and ggml's blocks of 8-bit integers. */
import { narrow } from '../checkpoint/float-formats.ts';
import { StudioError } from '../contract/errors.ts';

/** Formats of safetensors files by the names that config.json has for them. */
export const FORMATS_BY_NAME = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const;

export type DtypeName = keyof typeof FORMATS_BY_NAME;

/** Values of an 8-bit block that share a scale. */
export const BLOCK_VALUES = 32;
/** Bytes of an 8-bit block: its scale in half precision, then one byte a value. */
export const BLOCK_BYTES = 34;

/** Largest finite number in half precision that a float32 rounds to, exclusive: halfway from 65504 to 2^16. */
const HALF_LIMIT = 65520;

/** Bytes of the values in half precision, rounded to nearest, ties to even. */
export function toHalf(values: Float32Array): Uint8Array {
  const halves = new Uint16Array(values.length);
  narrow(values, 'F16', halves);
  return new Uint8Array(halves.buffer);
}

/**
 * @param advice what to do instead
 * @throws StudioError `model_unsupported` when half precision would turn a finite value into an infinity
 */
export function requireHalfRange(name: string, values: Float32Array, advice: string): void {
  const outside = values.find((value) => Math.abs(value) >= HALF_LIMIT && Number.isFinite(value));
  if (outside === undefined) return;
  const message = `${name} holds ${outside}, which float16 cannot: its largest number is 65504; ${advice}`;
  throw new StudioError('model_unsupported', message, { field: name });
}

/**
 * ggml's Q8_0, bit for bit (`quantize_row_q8_0_ref` of ggml-quants.c): every 32 values share the scale d = max|x| / 127, stored in
 * half precision; a value is stored as x · (1/d), in float32, rounded to nearest, ties away from zero.
 *
 * @param values a whole number of blocks
 */
export function toQ8(values: Float32Array): Uint8Array {
  const scales = new Float32Array(values.length / BLOCK_VALUES);
  const bytes = new Uint8Array(scales.length * BLOCK_BYTES);
  for (let block = 0; block < scales.length; block++) {
    const from = block * BLOCK_VALUES;
    let largest = 0;
    for (let i = from; i < from + BLOCK_VALUES; i++) largest = Math.max(largest, Math.abs(values[i]));
    scales[block] = largest / 127;
    const inverse = scales[block] === 0 ? 0 : Math.fround(1 / scales[block]);
    const to = block * BLOCK_BYTES + 2;
    for (let i = 0; i < BLOCK_VALUES; i++) {
      const value = Math.fround(values[from + i] * inverse);
      bytes[to + i] = Math.sign(value) * Math.floor(Math.abs(value) + 0.5); // two's complement
    }
  }
  const halves = toHalf(scales);
  for (let block = 0; block < scales.length; block++) {
    bytes[block * BLOCK_BYTES] = halves[2 * block];
    bytes[block * BLOCK_BYTES + 1] = halves[2 * block + 1];
  }
  return bytes;
}
