/** Per-token arrays as blobs: int32 and float32, little-endian, which is the byte order of every machine the studio runs on. */

/** The array's bytes, not copied. */
export function toBlob(array: Int32Array | Float32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

export function toInt32Array(blob: Buffer): Int32Array {
  return new Int32Array(alignedBytes(blob));
}

export function toFloat32Array(blob: Buffer): Float32Array {
  return new Float32Array(alignedBytes(blob));
}

/** A copy that begins at byte 0: a buffer may lie anywhere in its memory, a typed array only at multiples of four. */
function alignedBytes(blob: Buffer): ArrayBuffer {
  const bytes = new ArrayBuffer(blob.byteLength);
  new Uint8Array(bytes).set(blob);
  return bytes;
}
