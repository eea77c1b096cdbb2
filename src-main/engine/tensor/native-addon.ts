/** Finds and loads the C++ addon of the native backend, and gives its functions types. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `a op b` of the addon's `binary`; the order is that of `BinaryOp` in kernels.h. */
export const binaryOps = { add: 0, sub: 1, multiply: 2, divide: 3 } as const;

/** `op x` of the addon's `unary`; the order is that of `UnaryOp` in kernels.h. */
export const unaryOps = { square: 0, sqrt: 1, reciprocalSqrt: 2, exp: 3, negate: 4, sigmoid: 5 } as const;

/** The addon's own functions; see src-main/engine/native/src/addon.cc. All throw RangeError for arrays that are too short. */
export interface NativeAddon {
  setThreads(count: number): void;
  threads(): number;
  /** The instruction set in use: `AVX-512`, `AVX2`, `NEON` or `scalar`. */
  isa(): string;
  /** `c[batch] = op(a) · op(b)`, `[m, k] · [k, n]`; strides in floats between the matrices of a batch, 0 for one shared matrix. */
  gemm(
    transA: boolean,
    transB: boolean,
    batch: number,
    m: number,
    n: number,
    k: number,
    a: Float32Array,
    aStride: number,
    b: Float32Array,
    bStride: number,
    c: Float32Array,
  ): void;
  /** `out[rows, columns] = a op b`; element (i, j) of an operand is `[i * rowStride + j * columnStep]`, columnStep 0 or 1. */
  binary(
    op: number,
    a: Float32Array,
    aRowStride: number,
    aColumnStep: number,
    b: Float32Array,
    bRowStride: number,
    bColumnStep: number,
    out: Float32Array,
    rows: number,
    columns: number,
  ): void;
  unary(op: number, x: Float32Array, out: Float32Array): void;
  /** Sums over the last axis of `x[rows, columns]`. */
  sumRows(x: Float32Array, out: Float32Array, rows: number, columns: number): void;
  /** Sums over the first axis of `x[rows, columns]`. */
  sumColumns(x: Float32Array, out: Float32Array, rows: number, columns: number): void;
  sumAll(x: Float32Array): number;
  /** `y += x`. */
  accumulate(x: Float32Array, y: Float32Array): void;
  /** `out[columns, rows]` = `x[rows, columns]` transposed. */
  transpose(x: Float32Array, out: Float32Array, rows: number, columns: number): void;
  /** `out[i] = table[ids[i]]`, rows of `length` floats. */
  gatherRows(table: Float32Array, length: number, ids: Int32Array, out: Float32Array): void;
}

const FILE = 'src-main/engine/native/build/Release/grpo_native.node';

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded once. `T` names the functions that the caller uses beyond the base ones.
 * @throws Error with a sentence that says why the addon cannot be loaded and what to do
 */
export function loadAddon<T extends object = object>(): NativeAddon & T {
  loaded ??= load();
  return loaded as NativeAddon & T;
}

function load(): NativeAddon {
  const path = findAddon();
  if (path === null) {
    throw new Error('The C++ addon is not built; run: node scripts/build-native.mjs');
  }
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The C++ addon ${path} does not load: ${reason}`, { cause: error });
  }
}

/** Looks for the addon in the folders above this file, which finds it from the sources and from the bundle in out/ alike. */
function findAddon(): string | null {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, FILE);
    if (existsSync(path)) return path;
    const parent = dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
}
