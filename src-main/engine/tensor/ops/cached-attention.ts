/** One decoding step of attention: every live completion's new token against its prompt and its own earlier tokens. */
import * as tf from '@tensorflow/tfjs-core';
import { paddedAttention, type AttentionOptions } from './attention.ts';
import { hasKernel, runKernel } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/** Tokens per page of the native kernel's own blocks (kPageTokens in op_kernels.h); a page is made when its first token comes. */
const PAGE_TOKENS = 32;

/** Which completions are decoded in a step. A finished completion leaves by no longer being listed. */
export interface DecodeRows {
  /** `[B]`: the number, below the cache's `slots`, of each live completion. */
  slots: Int32Array;
  /**
   * `[B]`: the slot of the last step whose own tokens each completion continues: its own, or that of another completion from which it
   * branches off with this step's token. A slot that is continued may only be listed as its own continuation.
   */
  sources: Int32Array;
  /** `[B]` and `[B]`: the span of each live completion's prompt in the packed prefill. */
  promptStarts: Int32Array;
  promptLengths: Int32Array;
  /** Tokens each live completion has in the cache already, this step's not counted: 0 in the first step, then 1, ... */
  ownLength: number;
}

/** The keys and values of one layer during a rollout. Its tensors are its own and outlive every `tf.tidy`. */
export interface LayerCache {
  /** `[Np, kvHeads * headDim]`: the packed prompts of all groups, each once. */
  readonly promptKeys: tf.Tensor2D;
  readonly promptValues: tf.Tensor2D;
  readonly size: LayerCacheSize;
  /** Own tokens on the native backend, written in place: page p holds tokens `[32 p, 32 p + 32)` of all slots. */
  readonly pages: { keys: tf.Tensor3D; values: tf.Tensor3D }[];
  /** Own tokens on other backends, `[B, ownLength, kvHeads * headDim]` for the completions in `slots`. */
  own: { keys: tf.Tensor3D; values: tf.Tensor3D; slots: Int32Array } | null;
  /** Frees every tensor. Whoever created the cache calls it once, also after an error. */
  dispose(): void;
}

export interface LayerCacheSize {
  /** How many completions the rollout begins with. */
  slots: number;
  /** The most tokens a completion may come to hold. */
  capacity: number;
}

/**
 * A cache in which no completion has a token yet.
 * @param promptKeys `[Np, kvHeads * headDim]` after the rotation; the caller keeps, and disposes, its own handle
 * @param promptValues like `promptKeys`
 */
export function createLayerCache(promptKeys: tf.Tensor2D, promptValues: tf.Tensor2D, size: LayerCacheSize): LayerCache {
  return {
    promptKeys: tf.keep(tf.clone(promptKeys)),
    promptValues: tf.keep(tf.clone(promptValues)),
    size,
    pages: [],
    own: null,
    dispose() {
      tf.dispose([this.promptKeys, this.promptValues]);
      for (const { keys, values } of this.pages.splice(0)) tf.dispose([keys, values]);
      if (this.own !== null) tf.dispose([this.own.keys, this.own.values]);
      this.own = null;
    },
  };
}

/**
 * Appends each live completion's new key and value to its own block and attends from its query to its prompt and its own block,
 * the new token included. Has no gradient. Query head h reads key/value head `floor(h / (heads / kvHeads))`.
 * @param q `[B, heads * headDim]`
 * @param k `[B, kvHeads * headDim]`
 * @param v `[B, kvHeads * headDim]`
 * @returns `[B, heads * headDim]`
 */
export function cachedAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  cache: LayerCache,
  rows: DecodeRows,
  options: AttentionOptions,
): tf.Tensor2D {
  const { slots, capacity } = cache.size;
  if (rows.ownLength >= capacity) throw new RangeError(`A completion of this cache holds at most ${capacity} tokens.`);
  if (!hasKernel(kernelNames.cachedAttention)) return cachedAttentionReference(q, k, v, cache, rows, options);
  if (cache.pages.length * PAGE_TOKENS <= rows.ownLength) {
    const shape: [number, number, number] = [slots, PAGE_TOKENS, k.shape[1]];
    cache.pages.push({ keys: tf.keep(tf.fill(shape, 0)), values: tf.keep(tf.fill(shape, 0)) });
  }
  const inputs: Record<string, tf.Tensor> = { q, k, v, promptKeys: cache.promptKeys, promptValues: cache.promptValues };
  for (const [page, { keys, values }] of cache.pages.entries()) {
    inputs[`keys${page}`] = keys;
    inputs[`values${page}`] = values;
  }
  return runKernel(kernelNames.cachedAttention, inputs, {
    ...rows,
    ...options,
    slotCount: slots,
    pages: cache.pages.length,
  });
}

/** `cachedAttention` in plain tf operations; it keeps the own block as one tensor that grows and loses rows. */
export function cachedAttentionReference(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  cache: LayerCache,
  rows: DecodeRows,
  options: AttentionOptions,
): tf.Tensor2D {
  const batch = rows.slots.length;
  const width = k.shape[1];
  const own = tf.tidy(() => ({
    keys: tf.concat(
      [...livingRows(cache.own?.keys, cache, rows.sources), tf.reshape(k, [batch, 1, width])],
      1,
    ) as tf.Tensor3D,
    values: tf.concat(
      [...livingRows(cache.own?.values, cache, rows.sources), tf.reshape(v, [batch, 1, width])],
      1,
    ) as tf.Tensor3D,
  }));
  for (const tensor of [own.keys, own.values]) tf.keep(tensor);
  if (cache.own !== null) tf.dispose([cache.own.keys, cache.own.values]);
  cache.own = { ...own, slots: rows.slots.slice() };

  const window = options.window ?? Infinity;
  const promptPlaces = Math.max(...rows.promptLengths);
  const keysPerRow = promptPlaces + rows.ownLength + 1;
  const indices = new Int32Array(batch * promptPlaces);
  const mask = new Float32Array(batch * keysPerRow);
  for (let row = 0; row < batch; row++) {
    const length = rows.promptLengths[row];
    for (let offset = 0; offset < length; offset++) {
      indices[row * promptPlaces + offset] = rows.promptStarts[row] + offset;
    }
    mask.fill(-1e9, row * keysPerRow + length, row * keysPerRow + promptPlaces);
    const hidden = Math.max(0, length + rows.ownLength + 1 - window);
    mask.fill(-1e9, row * keysPerRow, row * keysPerRow + Math.min(hidden, length));
    mask.fill(-1e9, row * keysPerRow + promptPlaces, row * keysPerRow + promptPlaces + Math.max(0, hidden - length));
  }
  return tf.tidy(() => {
    const joined = (prompts: tf.Tensor2D, ownBlock: tf.Tensor3D): tf.Tensor2D => {
      if (promptPlaces === 0) return tf.reshape(ownBlock, [batch * keysPerRow, width]);
      const prompt = tf.reshape(tf.gather(prompts, tf.tensor1d(indices, 'int32')), [batch, promptPlaces, width]);
      return tf.reshape(tf.concat([prompt, ownBlock], 1), [batch * keysPerRow, width]);
    };
    const places = Int32Array.from({ length: batch }, (_, row) => row);
    const padded = { rows: batch, queriesPerRow: 1, keysPerRow, mask, places };
    return paddedAttention(
      q,
      joined(cache.promptKeys, own.keys),
      joined(cache.promptValues, own.values),
      padded,
      options,
    );
  });
}

/** The own block of each completion's source; nothing in the first step. */
function livingRows(block: tf.Tensor3D | undefined, cache: LayerCache, sources: Int32Array): tf.Tensor[] {
  if (block === undefined || cache.own === null) return [];
  const before = new Map(Array.from(cache.own.slots, (slot, row) => [slot, row]));
  const kept = Int32Array.from(sources, (slot) => before.get(slot)!);
  return [tf.gather(block, tf.tensor1d(kept, 'int32'))];
}
