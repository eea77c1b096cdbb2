/** What reading weights gives, whether they lie in one file or in many: tensors that are read one at a time. */
import type { FloatFormat } from './float-formats.ts';

/** A tensor on disk. */
export interface StoredTensor {
  name: string;
  shape: number[];
  /** F32, F16, BF16, or another type, which `read` refuses. */
  dtype: string;
  /** Bytes on disk. */
  bytes: number;
  /** The file it lies in. */
  path: string;
  /**
   * Its values in row-major order as float32, in memory of their own; nothing else stays in memory.
   * @throws StudioError `model_unsupported` for a dtype that is not F32, F16 or BF16, `model_invalid` when the file ends early
   */
  read(): Promise<Float32Array>;
}

/** Open weights: close them. */
export interface TensorFile {
  /** The file that was named: one with tensors, or the index of several. */
  path: string;
  /** In the order in which they lie on the disk, which is the fastest to read in. */
  tensors: readonly StoredTensor[];
  close(): Promise<void>;
}

export interface NamedArray {
  shape: number[];
  values: Float32Array;
}

/** A tensor to be written. */
export interface TensorSource {
  shape: readonly number[];
  /** Row-major; a function is called when it is the tensor's turn, so that one tensor at a time is in memory. */
  values: Float32Array | (() => Float32Array | Promise<Float32Array>);
  /** How it is stored; F32 when not said. */
  dtype?: FloatFormat;
}
