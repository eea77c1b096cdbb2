/** Causal grouped-query attention over a packed batch, in which texts share the keys and values of what they begin with. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';
import { segmentList, textsOfSegments, type Segments } from './segments.ts';

export interface AttentionOptions {
  headDim: number;
  /** Multiplies the scores before the softmax; `1 / sqrt(headDim)` in most models. */
  scale: number;
  /** How many positions a query sees, its own the last of them (Mistral, arXiv 2310.06825, section 2); all when there is none. */
  window?: number | null;
}

/**
 * Softmax attention (Vaswani et al. 2017, equation 1) in which each token sees its segment's prefix and its segment up to
 * itself, or the last `window` positions of that. Query head h reads key/value head `floor(h / (heads / kvHeads))`.
 * @param q `[N, heads * headDim]`
 * @param k `[N, kvHeads * headDim]`
 * @param v `[N, kvHeads * headDim]`
 * @returns `[N, heads * headDim]`
 */
export function attention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  segments: Segments,
  options: AttentionOptions,
): tf.Tensor2D {
  if (!hasKernel(kernelNames.attention)) return attentionReference(q, k, v, segments, options);
  const attributes = { segments: segments.rows, ...options };
  const [out, logSums] = runKernels(kernelNames.attention, { q, k, v }, attributes) as [tf.Tensor2D, tf.Tensor2D];
  logSums.dispose(); // the tape keeps a handle of its own
  return out;
}

/** `attention` in plain tf operations: unpacked to a padded, masked form and packed again. */
export function attentionReference(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  segments: Segments,
  options: AttentionOptions,
): tf.Tensor2D {
  const padded = padSegments(segments, options.window ?? Infinity);
  return tf.tidy(() => {
    const queries = tf.tensor1d(padded.queries, 'int32');
    const keys = tf.tensor1d(padded.keys, 'int32');
    return paddedAttention(tf.gather(q, queries), tf.gather(k, keys), tf.gather(v, keys), padded, options);
  });
}

/** How a packed batch unpacks: per segment the same number of queries and of keys, with a mask over the pairs that count. */
export interface PaddedRows {
  rows: number;
  queriesPerRow: number;
  keysPerRow: number;
  /** `[rows * queriesPerRow]` and `[rows * keysPerRow]`: the packed token in each place; token 0 where there is none. */
  queries: Int32Array;
  keys: Int32Array;
  /** `[rows, queriesPerRow, keysPerRow]`: 0 where the query sees the key, a large negative number where not. */
  mask: Float32Array;
  /** `[N]`: the padded query place of each packed token. */
  places: Int32Array;
}

const HIDDEN = -1e9;

function padSegments(segments: Segments, window: number): PaddedRows {
  const list = segmentList(segments);
  const texts = textsOfSegments(segments);
  const rows = list.length;
  const queriesPerRow = Math.max(...list.map(({ length }) => length));
  const keysPerRow = Math.max(...texts.map(({ length }) => length));
  const queries = new Int32Array(rows * queriesPerRow);
  const keys = new Int32Array(rows * keysPerRow);
  const mask = new Float32Array(rows * queriesPerRow * keysPerRow).fill(HIDDEN);
  const places = new Int32Array(segments.tokens);
  for (const [row, { start, length, prefixLength }] of list.entries()) {
    keys.set(texts[row], row * keysPerRow);
    for (let offset = 0; offset < length; offset++) {
      const place = row * queriesPerRow + offset;
      queries[place] = start + offset;
      places[start + offset] = place;
      const visible = prefixLength + offset + 1;
      mask.fill(0, place * keysPerRow + Math.max(0, visible - window), place * keysPerRow + visible);
    }
  }
  return { rows, queriesPerRow, keysPerRow, queries, keys, mask, places };
}

/**
 * Masked attention over padded rows.
 * @param q `[rows * queriesPerRow, heads * headDim]`
 * @param k `[rows * keysPerRow, kvHeads * headDim]`
 * @param v like `k`
 * @returns `[N, heads * headDim]`, the rows named by `places`
 */
export function paddedAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  { rows, queriesPerRow, keysPerRow, mask, places }: Omit<PaddedRows, 'queries' | 'keys'>,
  { headDim, scale }: AttentionOptions,
): tf.Tensor2D {
  const heads = q.shape[1] / headDim;
  const kvHeads = k.shape[1] / headDim;
  const shared = heads / kvHeads;
  const splitQ = tf.transpose(tf.reshape(q, [rows, queriesPerRow, kvHeads, shared, headDim]), [0, 2, 3, 1, 4]);
  const flatQ = tf.reshape(splitQ, [rows * kvHeads, shared * queriesPerRow, headDim]);
  const splitKv = (x: tf.Tensor2D): tf.Tensor3D =>
    tf.reshape(tf.transpose(tf.reshape(x, [rows, keysPerRow, kvHeads, headDim]), [0, 2, 1, 3]), [
      rows * kvHeads,
      keysPerRow,
      headDim,
    ]);
  const scores = tf.mul(tf.matMul(flatQ, splitKv(k), false, true), scale); // [rows * kvHeads, shared * queriesPerRow, keysPerRow]
  const masked = tf.add(
    tf.reshape(scores, [rows, kvHeads * shared, queriesPerRow, keysPerRow]),
    tf.tensor4d(mask, [rows, 1, queriesPerRow, keysPerRow]),
  );
  const weights = tf.reshape(tf.softmax(masked), [rows * kvHeads, shared * queriesPerRow, keysPerRow]);
  const mixed = tf.reshape(tf.matMul(weights, splitKv(v)), [rows, kvHeads, shared, queriesPerRow, headDim]);
  const out = tf.reshape<tf.Rank.R2>(tf.transpose(mixed, [0, 3, 1, 2, 4]), [rows * queriesPerRow, heads * headDim]);
  return tf.gather(out, tf.tensor1d(places, 'int32')); // [N, heads * headDim]
}

tf.registerGradient({
  kernelName: kernelNames.attention,
  inputsToSave: ['q', 'k', 'v'],
  outputsToSave: [true, true],
  gradFunc: (dy, saved, attributes) => {
    const [q, k, v, out, logSums] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const dOut = (dy as tf.Tensor[])[0];
    const [dq, dk, dv] = runKernels(kernelNames.attentionGrad, { dOut, q, k, v, out, logSums }, attributes) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    return { q: () => dq, k: () => dk, v: () => dv };
  },
});
