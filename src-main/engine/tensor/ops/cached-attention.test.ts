import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { attentionReference, type AttentionOptions } from './attention.ts';
import { cachedAttention, createLayerCache } from './cached-attention.ts';
import { segmentsOfGroups, type GroupLengths } from './segments.ts';
import { evaluate, expectClose, input, nativeAvailable, type Input } from './testing.ts';

const [heads, kvHeads, headDim] = [6, 2, 5];
const options: AttentionOptions = { headDim, scale: 1 / Math.sqrt(headDim) };

function rowsOf(x: Input, tokens: number[]): tf.Tensor2D {
  const width = x.shape[1] as number;
  return tf.tensor2d(
    Float32Array.from(tokens.flatMap((token) => [...x.values.slice(token * width, (token + 1) * width)])),
    [tokens.length, width],
  );
}

/** Decodes the completions of a packed batch token by token; returns the outputs of all completion tokens at their places. */
async function decode(
  backend: 'cpu' | 'native',
  groups: GroupLengths[],
  all: [Input, Input, Input],
  window: number | null = null,
): Promise<Map<number, Float32Array>> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const completions: { start: number; length: number; promptStart: number; promptLength: number }[] = [];
  const prompts: number[] = [];
  let start = 0;
  for (const { promptLength, completionLengths } of groups) {
    const promptStart = prompts.length;
    for (let i = 0; i < promptLength; i++) prompts.push(start++);
    for (const length of completionLengths) {
      completions.push({ start, length, promptStart, promptLength });
      start += length;
    }
  }
  const [q, k, v] = all;
  const longest = Math.max(...completions.map(({ length }) => length));
  const cache = tf.tidy(
    () =>
      createLayerCache(rowsOf(k, prompts), rowsOf(v, prompts), {
        slots: completions.length,
        capacity: longest,
      }) as never,
  ) as ReturnType<typeof createLayerCache>;
  const outputs = new Map<number, Float32Array>();
  for (let step = 0; step < longest; step++) {
    const live = completions.flatMap(({ length }, slot) => (length > step ? [slot] : []));
    const of = (field: 'start' | 'promptStart' | 'promptLength'): number[] =>
      live.map((slot) => (completions[slot] as (typeof completions)[0])[field]);
    const tokens = of('start').map((first) => first + step);
    const out = tf.tidy(() => {
      const rows = {
        slots: Int32Array.from(live),
        sources: Int32Array.from(live),
        promptStarts: Int32Array.from(of('promptStart')),
        promptLengths: Int32Array.from(of('promptLength')),
        ownLength: step,
      };
      const [query, key, value] = [rowsOf(q, tokens), rowsOf(k, tokens), rowsOf(v, tokens)];
      return cachedAttention(query, key, value, cache, rows, { ...options, window }).dataSync();
    }) as Float32Array;
    for (const [row, token] of tokens.entries())
      outputs.set(token, out.slice(row * heads * headDim, (row + 1) * heads * headDim));
  }
  cache.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return outputs;
}

const groups: GroupLengths[] = [
  { promptLength: 7, completionLengths: [70, 3, 33, 1, 32, 5] },
  { promptLength: 0, completionLengths: [4] },
  { promptLength: 20, completionLengths: [2, 65] },
];

function inputs(lengths: GroupLengths[]): [Input, Input, Input] {
  const { tokens } = segmentsOfGroups(lengths);
  return [
    input([tokens, heads * headDim], 1),
    input([tokens, kvHeads * headDim], 2),
    input([tokens, kvHeads * headDim], 3),
  ];
}

const backends = [['cpu', true] as const, ['native', nativeAvailable] as const];

describe.each(backends)('on the %s backend', (backend, available) => {
  test.skipIf(!available).each([null, 1, 9, 40])(
    'decoding token by token gives what attention over the whole batch gives: window %s',
    async (window) => {
      const all = inputs(groups);
      const packed = segmentsOfGroups(groups);
      const within = { ...options, window };
      const whole = await evaluate(
        'cpu',
        (q, k, v) => [attentionReference(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, packed, within)],
        all,
      );
      for (const [token, values] of await decode(backend, groups, all, window)) {
        const place = token * heads * headDim;
        const expected = (whole.outputs[0] as Float32Array).slice(place, place + heads * headDim);
        expectClose(values, expected, 1e-5, `token ${token}`);
      }
    },
  );

  test.skipIf(!available)('completions that are the same at first can be decoded as one until they part', async () => {
    await tf.setBackend(backend);
    const parting = 40; // beyond a page
    const row = (width: number, seed: number) => tf.tensor2d([...input([width], seed).values], [1, width]);
    const run = (asOne: boolean) => {
      const prompt = row(kvHeads * headDim, 1);
      const cache = createLayerCache(prompt, prompt, { slots: 3, capacity: parting + 2 });
      const outputs: Float32Array[] = [];
      for (let step = 0; step < parting + 2; step++) {
        const slots = asOne && step < parting ? [2] : [2, 0, 1];
        const sources = asOne && step === parting ? [2, 2, 2] : slots;
        const parts = slots.map((slot) => 1000 * (step < parting ? 0 : slot) + 3 * step);
        const [q, k, v] = [heads, kvHeads, kvHeads].map((count, i) =>
          tf.concat(parts.map((seed) => row(count * headDim, seed + 5 + i))),
        ) as tf.Tensor2D[];
        const rows = {
          slots: Int32Array.from(slots),
          sources: Int32Array.from(sources),
          promptStarts: Int32Array.from(slots, () => 0),
          promptLengths: Int32Array.from(slots, () => 1),
          ownLength: step,
        };
        const out = cachedAttention(q, k, v, cache, rows, options).dataSync() as Float32Array;
        outputs.push(step < parting ? out.slice(0, heads * headDim) : out);
      }
      cache.dispose();
      return outputs;
    };
    expect(run(true)).toEqual(run(false));
  });

  test.skipIf(!available)('a cache takes no more tokens than it was made for', async () => {
    await tf.setBackend(backend);
    const prompt = tf.zeros([1, kvHeads * headDim]) as tf.Tensor2D;
    const q = tf.zeros([1, heads * headDim]) as tf.Tensor2D;
    const cache = createLayerCache(prompt, prompt, { slots: 1, capacity: 1 });
    const first = Int32Array.of(0);
    const rows = { slots: first, sources: first, promptStarts: first, promptLengths: Int32Array.of(1) };
    tf.dispose(cachedAttention(q, prompt, prompt, cache, { ...rows, ownLength: 0 }, options));
    expect(() => cachedAttention(q, prompt, prompt, cache, { ...rows, ownLength: 1 }, options)).toThrow(
      'at most 1 token',
    );
    cache.dispose();
    tf.dispose([prompt, q]);
  });
});

test.skipIf(!nativeAvailable)(
  'the native kernel gives a completion the same bits whatever else is decoded',
  async () => {
    const all = inputs(groups);
    const together = await decode('native', groups, all);
    const [first] = groups as [GroupLengths];
    const apart = await decode('native', [first], all);
    for (const [token, values] of apart) expect(values).toEqual(together.get(token));
  },
);
