import { describe, expect, test } from 'vitest';
import { BufferPool } from './buffer-pool.ts';

describe('BufferPool', () => {
  test('hands a released buffer out again for a similar size', () => {
    const pool = new BufferPool(1e6);
    const buffer = pool.acquire(1000);
    pool.retain(buffer);
    pool.release(buffer);
    expect(pool.acquire(1020)).toBe(buffer);
    expect(pool.stats()).toEqual({ usedBytes: 1024, freeBytes: 0, hits: 1, misses: 1 });
  });

  test('keeps a buffer until its last holder lets go', () => {
    const pool = new BufferPool(1e6);
    const buffer = pool.acquire(1000);
    pool.retain(buffer);
    pool.retain(buffer);
    pool.release(buffer);
    expect(pool.stats().usedBytes).toBe(1024);
    pool.release(buffer);
    expect(pool.stats()).toMatchObject({ usedBytes: 0, freeBytes: 1024 });
    pool.release(buffer);
    expect(pool.stats()).toMatchObject({ usedBytes: 0, freeBytes: 1024 });
  });

  test('takes no foreign buffer', () => {
    const pool = new BufferPool(1e6);
    const foreign = new ArrayBuffer(1024);
    pool.retain(foreign);
    pool.release(foreign);
    expect(pool.stats()).toMatchObject({ usedBytes: 0, freeBytes: 0 });
  });

  test('keeps no more than its limit', () => {
    const pool = new BufferPool(2000);
    const buffers = [pool.acquire(1024), pool.acquire(1024)];
    for (const buffer of buffers) pool.release(buffer);
    expect(pool.stats()).toMatchObject({ usedBytes: 0, freeBytes: 1024 });
  });

  test('gives at least the bytes asked for and wastes at most a quarter', () => {
    const pool = new BufferPool(1e9);
    for (const bytes of [0, 1, 256, 257, 1000, 1025, 5000, 65537, 1e6]) {
      const size = pool.acquire(bytes).byteLength;
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(Math.max(256, bytes * 1.25));
    }
  });
});
