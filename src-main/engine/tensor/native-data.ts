/** The data of the native backend's tensors: typed arrays from a pool, handed to C++ kernels as they are. */
import { totalmem } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { BufferPool, type PoolStats } from './buffer-pool.ts';

const POOL_BYTES = Math.min(totalmem() / 4, 4 * 2 ** 30);

export class NativeBackend extends MathBackendCPU {
  readonly #pool = new BufferPool(POOL_BYTES);

  constructor() {
    super();
    // The first tensor of the base class would print an advertisement for tfjs-node.
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  /**
   * The tensor's values in row-major order, not a copy: valid while the tensor lives, and to be written only by the kernel
   * that allocated it (see `writable`). A float tensor that was cast from integers is converted.
   */
  values(info: tf.TensorInfo): Float32Array {
    const { values } = this.data.get(info.dataId);
    return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
  }

  /** `values` of an int32 tensor. */
  intValues(info: tf.TensorInfo): Int32Array {
    const { values } = this.data.get(info.dataId);
    return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
  }

  /**
   * The tensor's values for a kernel that updates them in place. Memory that is not this tensor's alone (the caller's own
   * array, a slice's) is replaced by a copy first; tensors that share the tensor's data (clones, reshapes) see the update.
   */
  writable(info: tf.TensorInfo): Float32Array {
    const data = this.data.get(info.dataId);
    const current = this.values(info);
    if (current === data.values && this.#pool.isExclusive(current.buffer)) return current;
    const own = this.#floats(current.length);
    own.set(current);
    this.#pool.retain(own.buffer);
    this.#release(data.values);
    data.values = own;
    return own;
  }

  /** A float tensor with memory from the pool. Its values are whatever was there: the kernel must write every element. */
  allocate(shape: number[]): tf.TensorInfo {
    return this.makeTensorInfo(shape, 'float32', this.#floats(tf.util.sizeFromShape(shape)));
  }

  /** `allocate`, filled with zeros. */
  allocateZeros(shape: number[]): tf.TensorInfo {
    const info = this.allocate(shape);
    this.values(info).fill(0);
    return info;
  }

  #floats(length: number): Float32Array {
    return new Float32Array(this.#pool.acquire(length * 4), 0, length);
  }

  /** What the pool holds, in bytes. */
  poolStats(): PoolStats {
    return this.#pool.stats();
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = super.write(values, shape, dtype);
    this.#retain(values);
    return dataId;
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    super.move(dataId, values, shape, dtype, refCount);
    this.#retain(values);
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    const values = super.readSync(dataId);
    // The caller's copy must not change when the pool uses the memory again.
    return ArrayBuffer.isView(values) ? values.slice() : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    const values = this.data.has(dataId) ? this.data.get(dataId).values : undefined;
    const disposed = super.disposeData(dataId, force);
    if (disposed) this.#release(values);
    return disposed;
  }

  #retain(values: tf.backend_util.BackendValues | undefined): void {
    if (ArrayBuffer.isView(values)) this.#pool.retain(values.buffer);
  }

  #release(values: tf.backend_util.BackendValues | undefined): void {
    if (ArrayBuffer.isView(values)) this.#pool.release(values.buffer);
  }
}
