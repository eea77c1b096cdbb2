import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../grpo/random.ts';
import { selectBackend } from '../tensor/backend.ts';
import { drawTokens, drawTokensReference, type TokenDraw } from './draw-tokens.ts';
import type { LogitFilters } from './logit-filters.ts';

const off: LogitFilters = { temperature: 1, top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1 };
const none = new Int32Array(0);

beforeAll(async () => {
  await selectBackend('native');
});

/** Draws all over the distributions of two rows: evenly spaced numbers, so that a token's share of the draws is its probability. */
function spreadDraws(
  logits: Float32Array,
  filters: LogitFilters,
  draws: number,
  change: Partial<TokenDraw> = {},
): TokenDraw {
  const vocabulary = logits.length / 2;
  const length = 2 * draws;
  const rows = Int32Array.from({ length }, (_, i) => i % 2);
  const seen = [Int32Array.of(1, 2, 1), Int32Array.of(5, 0)];
  return {
    logits,
    vocabulary,
    rows,
    uniforms: Float64Array.from({ length }, (_, i) => (Math.floor(i / 2) + 0.37) / draws),
    banned: none,
    previous: filters.repetition_penalty === 1 ? null : Array.from(rows, (row) => seen[row]),
    filters,
    ...change,
  };
}

/** @param borders draws that may fall on the border of two tokens, and so on either side */
function expectReference(draw: TokenDraw, borders: number): void {
  const drawn = drawTokens(draw);
  const expected = drawTokensReference(draw);
  const same = drawn.tokens.filter((token, i) => token === expected.tokens[i]).length;
  expect(same).toBeGreaterThanOrEqual(drawn.tokens.length - borders);
  expect(new Set(drawn.tokens)).toEqual(new Set(expected.tokens));
  drawn.logps.forEach((logp, i) => {
    if (drawn.tokens[i] === expected.tokens[i]) expect(Math.abs(logp - expected.logps[i])).toBeLessThan(2e-5);
  });
}

describe('the native kernel draws what the reference draws', () => {
  test.each([263, 4096, 49152])('of %i tokens', (vocabulary) => {
    const stream = RandomStream.of(1, 'draw', vocabulary);
    const logits = Float32Array.from({ length: 2 * vocabulary }, () => 3 * stream.nextNormal());
    for (const banned of [none, Int32Array.of(2, 7)]) {
      expectReference(spreadDraws(logits, { ...off, temperature: 0.8 }, 20, { banned }), 1);
    }
  });

  test.each([
    { top_k: 1 },
    { top_k: 5, temperature: 0.7 },
    { top_k: 200 },
    { top_p: 0.9 },
    { top_p: 0.1, temperature: 1.5 },
    { top_p: 1e-9 },
    { min_p: 0.05 },
    { min_p: 1 },
    { repetition_penalty: 1.3 },
    { repetition_penalty: 0.5, temperature: 0.9 },
    { top_k: 40, top_p: 0.8, min_p: 0.02, repetition_penalty: 1.1, temperature: 1.2 },
  ])('through %o', (change) => {
    const filters = { ...off, ...change };
    const stream = RandomStream.of(2, 'filters');
    const smooth = Float32Array.from({ length: 2 * 300 }, () => 2 * stream.nextNormal());
    const tied = Float32Array.from(smooth, (logit) => Math.round(logit)); // whole groups of equal tokens
    for (const logits of [smooth, tied, new Float32Array(600)]) {
      for (const banned of [none, Int32Array.of(0, 4)]) {
        expectReference(spreadDraws(logits, filters, 300, { banned }), 2);
        expectReference(spreadDraws(logits, filters, 1, { banned, uniforms: null }), 0);
      }
    }
  });

  test('through top_p where thousands of tokens stay', () => {
    const stream = RandomStream.of(3, 'flat');
    const logits = Float32Array.from({ length: 2 * 20000 }, () => 0.1 * stream.nextNormal());
    expectReference(spreadDraws(logits, { ...off, top_p: 0.6 }, 20), 1);
  });
});

test('a banned token is never drawn, however likely', () => {
  const logits = Float32Array.of(0, 50, 0, 0);
  const uniforms = Float64Array.of(0, 0.3, 0.6, 0.999);
  const draw = { logits, vocabulary: 4, rows: new Int32Array(4), uniforms, previous: null, filters: off };
  const { tokens, logps } = drawTokens({ ...draw, banned: Int32Array.of(1) });
  expect([...tokens]).toEqual([0, 0, 2, 3]);
  for (const logp of logps) expect(logp).toBeCloseTo(-50, 4);
  expect(drawTokens({ ...draw, banned: Int32Array.of(1), uniforms: null }).tokens[0]).toBe(0);
});

test('logits that are no numbers give some token, and log-probs that are none', () => {
  const logits = Float32Array.of(1, NaN, 3, 2);
  const filters = { ...off, top_k: 2, top_p: 0.5, min_p: 0.1 };
  for (const uniforms of [Float64Array.of(0.5), null]) {
    const { tokens, logps } = drawTokens({
      logits,
      vocabulary: 4,
      rows: new Int32Array(1),
      uniforms,
      banned: none,
      previous: null,
      filters,
    });
    expect(tokens[0]).toBeLessThan(4);
    expect(logps[0]).toBeNaN();
  }
});
