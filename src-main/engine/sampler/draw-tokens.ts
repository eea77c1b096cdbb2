/** Draws the next token of many completions at once from their logits, through the filters of the sampling settings. */
import * as tf from '@tensorflow/tfjs-core';
import { loadAddon } from '../tensor/native-addon.ts';
import { drawToken, filterLogits, likeliestToken, logProbability, type LogitFilters } from './logit-filters.ts';

/** The addon's function; see src-main/engine/native/src/decode/init.cc. */
interface DrawAddon {
  drawTokens(
    vocabulary: number,
    count: number,
    temperature: number,
    topK: number,
    topP: number,
    minP: number,
    repetitionPenalty: number,
    logits: Float32Array,
    rows: Int32Array,
    uniforms: Float64Array | null,
    banned: Int32Array,
    previous: Int32Array | null,
    previousEnds: Int32Array | null,
    tokens: Int32Array,
    logps: Float32Array,
  ): void;
}

export interface TokenDraw {
  logits: Float32Array; // [R, V]
  vocabulary: number;
  /** The row of `logits` that each completion draws from [B]. */
  rows: Int32Array;
  /** A number in [0, 1) for each completion [B]; null takes the likeliest token, of equals the first. */
  uniforms: Float64Array | null;
  /** Tokens that cannot be drawn; not all. */
  banned: Int32Array;
  /** Tokens of the prompt and the completion so far, of each completion [B]; null without a repetition penalty. */
  previous: readonly Int32Array[] | null;
  filters: LogitFilters;
}

export interface DrawnTokens {
  tokens: Int32Array; // [B]
  /** Log-probs [B] at the temperature, before tokens were banned or filtered. */
  logps: Float32Array;
}

export function drawTokens(draw: TokenDraw): DrawnTokens {
  if (tf.getBackend() !== 'native') return drawTokensReference(draw);
  const { logits, vocabulary, rows, uniforms, banned, filters } = draw;
  const { temperature, top_k, top_p, min_p, repetition_penalty } = filters;
  const penalized = draw.previous === null ? null : joined(draw.previous);
  const drawn = { tokens: new Int32Array(rows.length), logps: new Float32Array(rows.length) };
  loadAddon<DrawAddon>().drawTokens(
    vocabulary,
    rows.length,
    temperature,
    top_k,
    top_p,
    min_p,
    repetition_penalty,
    logits,
    rows,
    uniforms,
    banned,
    penalized?.values ?? null,
    penalized?.ends ?? null,
    drawn.tokens,
    drawn.logps,
  );
  return drawn;
}

/** All lists one after the other, and where each of them ends. */
function joined(lists: readonly Int32Array[]): { values: Int32Array; ends: Int32Array } {
  let length = 0;
  const ends = Int32Array.from(lists, (list) => (length += list.length));
  const values = new Int32Array(length);
  lists.forEach((list, i) => values.set(list, ends[i] - list.length));
  return { values, ends };
}

/** `drawTokens` in float64. */
export function drawTokensReference({
  logits,
  vocabulary,
  rows,
  uniforms,
  banned,
  previous,
  filters,
}: TokenDraw): DrawnTokens {
  const drawn = { tokens: new Int32Array(rows.length), logps: new Float32Array(rows.length) };
  rows.forEach((row, i) => {
    const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    const filtered = Float32Array.from(own);
    for (const token of banned) filtered[token] = -Infinity;
    filterLogits(filtered, previous?.[i] ?? [], filters);
    const token = uniforms === null ? likeliestToken(filtered) : drawToken(filtered, uniforms[i]);
    drawn.tokens[i] = token;
    drawn.logps[i] = logProbability(own, token, filters.temperature);
  });
  return drawn;
}
