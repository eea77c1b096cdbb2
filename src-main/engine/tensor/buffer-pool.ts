/**
 * Memory for tensors that is used again: tfjs disposes and makes tensors of the same few sizes over and over, and fresh pages
 * cost more than the arithmetic on them. The pool takes back only buffers that it handed out itself.
 */
import { POOL_SPARE } from '../../contract/memory-limits.ts';

export interface PoolStats {
  /** Bytes of the buffers that tensors hold now. */
  usedBytes: number;
  /** Bytes of the buffers that wait to be used again. */
  freeBytes: number;
  /** How many requests a waiting buffer served, and how many took fresh memory. */
  hits: number;
  misses: number;
}

const SMALLEST = 256; // bytes

export class BufferPool {
  readonly byteLimit: number;
  readonly #free = new Map<number, ArrayBuffer[]>();
  /** Holders of each buffer that is out; weak, so that a buffer nobody gives back is still garbage-collected. */
  readonly #holders = new WeakMap<ArrayBufferLike, number>();
  #mostUsedBytes = 0;
  readonly #stats: PoolStats = { usedBytes: 0, freeBytes: 0, hits: 0, misses: 0 };

  /** @param byteLimit the most bytes kept waiting; a buffer that comes back beyond it is left to the garbage collector */
  constructor(byteLimit: number) {
    this.byteLimit = byteLimit;
  }

  /** A buffer of at least `bytes` bytes with any content, not held by anyone yet. Whoever takes it calls `retain`. */
  acquire(bytes: number): ArrayBuffer {
    const size = sizeClass(bytes);
    const waiting = this.#free.get(size)?.pop();
    if (waiting) {
      this.#moveToEnd(size);
      this.#stats.hits++;
      this.#stats.freeBytes -= size;
    } else {
      this.#stats.misses++;
      this.#makeRoom(size);
    }
    const buffer = waiting ?? new ArrayBuffer(size);
    this.#holders.set(buffer, 0);
    this.#stats.usedBytes += size;
    this.#mostUsedBytes = Math.max(this.#mostUsedBytes, this.#stats.usedBytes);
    return buffer;
  }

  /** Sizes are kept in the order in which they were last asked for. */
  #moveToEnd(size: number): void {
    const waiting = this.#free.get(size) as ArrayBuffer[];
    this.#free.delete(size);
    this.#free.set(size, waiting);
  }

  /**
   * Frees buffers of the sizes that were not asked for longest, so that all memory together stays near the most that was ever used
   * at once. A buffer is freed at once, not when the garbage collector comes by.
   */
  #makeRoom(size: number): void {
    const { usedBytes } = this.#stats;
    const mostUsed = Math.max(this.#mostUsedBytes, usedBytes + size);
    const most = mostUsed + Math.max(POOL_SPARE.bytes, POOL_SPARE.share * mostUsed);
    for (const [waitingSize, waiting] of this.#free) {
      while (waiting.length > 0 && usedBytes + this.#stats.freeBytes + size > most) {
        (waiting.pop() as ArrayBuffer).transfer(0);
        this.#stats.freeBytes -= waitingSize;
      }
    }
  }

  /** Counts one more holder of `buffer`. Nothing happens to a buffer that is not the pool's. */
  retain(buffer: ArrayBufferLike): void {
    const holders = this.#holders.get(buffer);
    if (holders !== undefined) this.#holders.set(buffer, holders + 1);
  }

  /** Counts one holder less; the last one gives the buffer back. Nothing happens to a buffer that is not the pool's. */
  release(buffer: ArrayBufferLike): void {
    const holders = this.#holders.get(buffer);
    if (holders === undefined) return;
    if (holders > 1) {
      this.#holders.set(buffer, holders - 1);
      return;
    }
    this.#holders.delete(buffer);
    const size = buffer.byteLength;
    this.#stats.usedBytes -= size;
    if (this.#stats.freeBytes + size > this.byteLimit) return;
    this.#stats.freeBytes += size;
    const waiting = this.#free.get(size);
    if (waiting) waiting.push(buffer as ArrayBuffer);
    else this.#free.set(size, [buffer as ArrayBuffer]);
  }

  /** Whether `buffer` is the pool's and has exactly one holder. */
  isExclusive(buffer: ArrayBufferLike): boolean {
    return this.#holders.get(buffer) === 1;
  }

  stats(): PoolStats {
    return { ...this.#stats };
  }
}

/** Rounds up to one of four sizes per power of two, so that a buffer wastes at most a quarter and fits its neighbours. */
function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** Math.floor(Math.log2(bytes - 1)) / 4;
  return Math.ceil(bytes / step) * step;
}
