/** The policy's forward passes of a rollout: all prompts at once, then a token of every live completion. */
import * as tf from '@tensorflow/tfjs-core';
import { decoderLayer, headWeight, hiddenStates, logitsInput } from '../model/decoder.ts';
import type { TakeKeys } from '../model/fused-layer.ts';
import type { Policy } from '../model/policy.ts';
import { TextTree } from '../model/text-tree.ts';
import { packedHiddenStates } from '../model/token-logps.ts';
import { cachedAttention, createLayerCache, type DecodeRows, type LayerCache } from '../tensor/ops/cached-attention.ts';
import { embedding } from '../tensor/ops/embedding.ts';
import { linear } from '../tensor/ops/linear.ts';
import type { RopeTable } from '../tensor/ops/rope.ts';
import { valuesOf } from '../tensor/values-of.ts';

/** Runs all prompts at once; keeps their keys and values as the caches' prompt blocks, and the logits of each prompt's last token. */
export function prefill(
  policy: Policy,
  places: number,
  prompts: readonly Int32Array[],
  size: { slots: number; capacity: number },
) {
  const tree = new TextTree();
  const texts = prompts.map((prompt) => tree.add(prompt).rows);
  const batch = tree.pack();
  const rows = Int32Array.from(texts.flat());
  const starts = new Int32Array(prompts.length);
  for (let group = 1; group < starts.length; group++) starts[group] = starts[group - 1] + prompts[group - 1].length;
  const caches: LayerCache[] = [];
  const logits = valuesOf(() => {
    const last = Int32Array.from(texts, (text) => text[text.length - 1]);
    const takeKeys: TakeKeys = (_layer, key, value) =>
      tf.tidy(() => void caches.push(createLayerCache(embedding(key, rows), embedding(value, rows), size)));
    return headLogits(policy, packedHiddenStates(policy, batch, { rows: last, longest: places, takeKeys }));
  });
  return { caches, logits, starts };
}

export interface DecodeInput {
  tokens: Int32Array; // [B]
  positions: Int32Array; // [B]
  rows: DecodeRows;
}

/** @returns logits [B, V] of the next token of every live completion */
export function decodeStep(
  policy: Policy,
  tables: readonly RopeTable[],
  caches: LayerCache[],
  { tokens, positions, rows }: DecodeInput,
): Float32Array {
  return valuesOf(() => {
    const hidden = hiddenStates(policy, tokens, (layer, input) =>
      decoderLayer(policy, tables, layer, input, positions, (query, key, value, options) =>
        cachedAttention(query, key, value, caches[layer], rows, options),
      ),
    );
    return headLogits(policy, hidden);
  });
}

function headLogits(policy: Policy, hidden: tf.Tensor2D): tf.Tensor2D {
  return linear(logitsInput(policy, hidden), headWeight(policy)); // [B, V]
}
