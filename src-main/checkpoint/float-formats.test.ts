import { expect, test } from 'vitest';
import { narrow, widen } from './float-formats.ts';

const formats = ['F16', 'BF16'] as const;

/** The 16-bit floats nearest to the values. */
function narrowed(format: 'F16' | 'BF16', ...values: number[]): number[] {
  const target = new Uint16Array(values.length);
  narrow(Float32Array.from(values), format, target);
  return [...target];
}

test.each(formats)('every %s number comes back as it was', (format) => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const wide = new Float32Array(all.length);
  widen(all, format, wide);
  const back = new Uint16Array(all.length);
  narrow(wide, format, back);
  for (const bits of all) {
    if (Number.isNaN(wide[bits])) expect(Number.isNaN(widened(format, back[bits]))).toBe(true);
    else if (back[bits] !== bits) expect(back[bits]).toBe(bits);
  }
});

function widened(format: 'F16' | 'BF16', bits: number): number {
  const target = new Float32Array(1);
  widen(Uint16Array.of(bits), format, target);
  return target[0];
}

// Expected bits: torch 2.13.
test('F16 rounds to the nearest, ties to even', () => {
  expect(narrowed('F16', 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20)).toEqual([0x3c00, 0x3c02, 0x3c01]);
  expect(narrowed('F16', 65504, 65519.99, 65520, -1e9)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00]);
  expect(narrowed('F16', 2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 2 ** -14 - 2 ** -26)).toEqual([1, 0, 1, 0x0400]);
  expect(narrowed('F16', -0, -(2 ** -24), Infinity, 1 / 3)).toEqual([0x8000, 0x8001, 0x7c00, 0x3555]);
});

test('BF16 rounds to the nearest, ties to even', () => {
  expect(narrowed('BF16', 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20)).toEqual([0x3f80, 0x3f82, 0x3f81]);
  expect(narrowed('BF16', 3.4e38, -0, Infinity, 1 / 3)).toEqual([0x7f80, 0x8000, 0x7f80, 0x3eab]);
});
