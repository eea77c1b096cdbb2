/** Draws the next token of many completions at once, where no filter but the temperature changes the distribution. */
import * as tf from '@tensorflow/tfjs-core';
import type { SamplingConfig } from '../../contract/config.ts';
import { loadAddon } from '../tensor/native-addon.ts';
import { drawToken, logProbability } from './logit-filters.ts';

/** The addon's function; see src-main/engine/native/src/decode/init.cc. */
interface DrawAddon {
  drawTokens(
    vocabulary: number,
    count: number,
    temperature: number,
    logits: Float32Array,
    rows: Int32Array,
    uniforms: Float64Array,
    banned: Int32Array,
    tokens: Int32Array,
    logps: Float32Array,
  ): void;
}

export interface DrawnTokens {
  tokens: Int32Array; // [B]
  /** Log-probs [B] at the temperature, before tokens were banned. */
  logps: Float32Array;
}

/** Whether sampling leaves the distribution as it is, but for the temperature. */
export function isPlain({ top_k, top_p, min_p, repetition_penalty }: SamplingConfig): boolean {
  return top_k === 0 && top_p === 1 && min_p === 0 && repetition_penalty === 1;
}

/**
 * @param logits [R, V]
 * @param rows the row of `logits` that each completion draws from [B]
 * @param uniforms a number in [0, 1) for each completion [B]
 * @param banned tokens that cannot be drawn
 */
export function drawTokens(
  logits: Float32Array,
  vocabulary: number,
  rows: Int32Array,
  uniforms: Float64Array,
  banned: Int32Array,
  temperature: number,
): DrawnTokens {
  if (tf.getBackend() !== 'native') return drawTokensReference(logits, vocabulary, rows, uniforms, banned, temperature);
  const drawn = { tokens: new Int32Array(rows.length), logps: new Float32Array(rows.length) };
  const addon = loadAddon<DrawAddon>();
  addon.drawTokens(vocabulary, rows.length, temperature, logits, rows, uniforms, banned, drawn.tokens, drawn.logps);
  return drawn;
}

/** `drawTokens` in float64. */
export function drawTokensReference(
  logits: Float32Array,
  vocabulary: number,
  rows: Int32Array,
  uniforms: Float64Array,
  banned: Int32Array,
  temperature: number,
): DrawnTokens {
  const drawn = { tokens: new Int32Array(rows.length), logps: new Float32Array(rows.length) };
  rows.forEach((row, i) => {
    const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    const filtered = own.map((logit) => logit / temperature);
    for (const token of banned) filtered[token] = -Infinity;
    drawn.tokens[i] = drawToken(filtered, uniforms[i]);
    drawn.logps[i] = logProbability(own, drawn.tokens[i], temperature);
  });
  return drawn;
}
