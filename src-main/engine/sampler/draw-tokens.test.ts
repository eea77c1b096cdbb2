import { beforeAll, expect, test } from 'vitest';
import { RandomStream } from '../../grpo/random.ts';
import { selectBackend } from '../tensor/backend.ts';
import { drawTokens, drawTokensReference } from './draw-tokens.ts';

beforeAll(async () => {
  await selectBackend('native');
});

test.each([263, 4096, 49152])('the native kernel draws what the reference draws, of %i tokens', (vocabulary) => {
  const stream = RandomStream.of(1, 'draw', vocabulary);
  const logits = Float32Array.from({ length: 2 * vocabulary }, () => 3 * stream.nextNormal());
  const rows = Int32Array.from({ length: 40 }, (_, i) => i % 2);
  const uniforms = Float64Array.from({ length: 40 }, () => stream.nextFloat());
  for (const banned of [new Int32Array(0), Int32Array.of(2, 7)]) {
    const drawn = drawTokens(logits, vocabulary, rows, uniforms, banned, 0.8);
    const expected = drawTokensReference(logits, vocabulary, rows, uniforms, banned, 0.8);
    // A draw that falls on the border of two tokens may fall on either side.
    const same = drawn.tokens.filter((token, i) => token === expected.tokens[i]).length;
    expect(same).toBeGreaterThanOrEqual(39);
    drawn.logps.forEach((logp, i) => {
      if (drawn.tokens[i] === expected.tokens[i]) expect(logp).toBeCloseTo(expected.logps[i], 4);
    });
    for (const token of drawn.tokens) expect(banned).not.toContain(token);
  }
});

test('a banned token is never drawn, however likely', () => {
  const logits = Float32Array.of(0, 50, 0, 0);
  const uniforms = Float64Array.of(0, 0.3, 0.6, 0.999);
  const { tokens, logps } = drawTokens(logits, 4, new Int32Array(4), uniforms, Int32Array.of(1), 1);
  expect([...tokens]).toEqual([0, 0, 2, 3]);
  for (const logp of logps) expect(logp).toBeCloseTo(-50, 4);
});
