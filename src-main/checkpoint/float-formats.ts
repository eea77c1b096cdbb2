/** The number formats that weights are stored in, and their conversion from and to float32: exact one way, to the nearest (ties to even) the other. */

/** Bytes of one element of each format that weights can be read from and written to. */
const WIDTHS = { F32: 4, F16: 2, BF16: 2 } as const;

/** A format's name in safetensors files. */
export type FloatFormat = keyof typeof WIDTHS;

export function isFloatFormat(name: string): name is FloatFormat {
  return Object.hasOwn(WIDTHS, name);
}

/** Bytes of one element. */
export function widthOf(format: FloatFormat): number {
  return WIDTHS[format];
}

/** Writes float32 values of 16-bit floats into `target`, which has as many elements. */
export function widen(source: Uint16Array, format: 'F16' | 'BF16', target: Float32Array): void {
  if (format === 'BF16') {
    const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
    for (let i = 0; i < source.length; i++) bits[i] = source[i] << 16;
  } else {
    const values = halfValues();
    for (let i = 0; i < source.length; i++) target[i] = values[source[i]];
  }
}

/** Writes the 16-bit floats nearest to float32 values into `target`, which has as many elements. Too large a value becomes an infinity. */
export function narrow(source: Float32Array, format: 'F16' | 'BF16', target: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  if (format === 'BF16') for (let i = 0; i < bits.length; i++) target[i] = toBrain(bits[i]);
  else for (let i = 0; i < bits.length; i++) target[i] = toHalf(bits[i], source[i]);
}

/** The upper half of the float32, rounded. */
function toBrain(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40; // a NaN must not round to an infinity
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** IEEE 754 binary16 of a float32 that is given both ways. */
function toHalf(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520, halfway between the largest half and 2^16
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24; adding and taking away 2^52 rounds a double to a whole number.
    return sign | (Math.abs(value) * 2 ** 24 + 2 ** 52 - 2 ** 52);
  }
  const rebiased = magnitude - 0x38000000; // exponents of binary32 are 112 larger
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

let table: Float32Array | null = null;

/** The value of every binary16 number, by its bits. */
function halfValues(): Float32Array {
  if (table !== null) return table;
  table = new Float32Array(2 ** 16);
  for (let half = 0; half < table.length; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) table[half] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[half] = fraction === 0 ? sign * Infinity : NaN;
    else table[half] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}
