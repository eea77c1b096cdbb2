import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { attention, attentionReference } from './attention.ts';
import {
  packSegments,
  segmentList,
  segmentsOfGroups,
  textsOfSegments,
  type GroupLengths,
  type Segments,
} from './segments.ts';
import {
  evaluate,
  expectAgreement,
  expectClose,
  expectSlopes,
  input,
  describeNative,
  type Input,
  type Operation,
} from './testing.ts';

interface Shape {
  heads: number;
  kvHeads: number;
  headDim: number;
  groups: GroupLengths[];
  /** Instead of `groups`. */
  tree?: Segments;
  window?: number;
}

const segmentsOf = ({ groups, tree }: Shape): Segments => tree ?? segmentsOfGroups(groups);

function bind(f: typeof attention, shape: Shape): Operation {
  const { headDim, window = Infinity } = shape;
  const segments = segmentsOf(shape);
  const options = { headDim, scale: 1 / Math.sqrt(headDim), window: window === Infinity ? null : window };
  return (q, k, v) => [f(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, segments, options)];
}

function inputs(shape: Shape): [Input, Input, Input] {
  const { heads, kvHeads, headDim } = shape;
  const { tokens } = segmentsOf(shape);
  const scaled = (x: Input): Input => ({ ...x, values: x.values.map((value) => 3 * value) });
  return [
    scaled(input([tokens, heads * headDim], 1)),
    scaled(input([tokens, kvHeads * headDim], 2)),
    input([tokens, kvHeads * headDim], 3),
  ];
}

/** Attention as its definition says, token by token in double precision. */
function naive(
  [q, k, v]: [Input, Input, Input],
  segments: Segments,
  { heads, kvHeads, headDim, window = Infinity }: Shape,
): number[] {
  const out = new Array<number>(q.values.length).fill(0);
  const texts = textsOfSegments(segments);
  for (const [index, { start, length, prefixLength }] of segmentList(segments).entries()) {
    for (let offset = 0; offset < length; offset++) {
      const seen = texts[index].slice(0, prefixLength + offset + 1).slice(-window);
      for (let head = 0; head < heads; head++) {
        const kvHead = Math.floor(head / (heads / kvHeads));
        const at = (x: Input, token: number, width: number, h: number, d: number): number =>
          x.values[token * width * headDim + h * headDim + d] as number;
        const scores = seen.map((token) => {
          let sum = 0;
          for (let d = 0; d < headDim; d++)
            sum += at(q, start + offset, heads, head, d) * at(k, token, kvHeads, kvHead, d);
          return Math.exp(sum / Math.sqrt(headDim));
        });
        const total = scores.reduce((a, b) => a + b);
        for (let d = 0; d < headDim; d++) {
          out[(start + offset) * heads * headDim + head * headDim + d] =
            seen.reduce((sum, token, i) => sum + (scores[i] as number) * at(v, token, kvHeads, kvHead, d), 0) / total;
        }
      }
    }
  }
  return out;
}

const small: Shape = {
  heads: 4,
  kvHeads: 2,
  headDim: 3,
  groups: [
    { promptLength: 3, completionLengths: [2, 4, 1] },
    { promptLength: 0, completionLengths: [3] },
    { promptLength: 2, completionLengths: [2] },
  ],
};

const windowed = [1, 2, 4].map((window) => ({ ...small, window }));

/** A prompt, three texts that branch off it and off each other, and another prompt that begins like the first. */
const tree = packSegments([
  { start: 0, length: 4, parent: 0, prefixLength: 0 },
  { start: 4, length: 5, parent: 0, prefixLength: 4 },
  { start: 9, length: 2, parent: 1, prefixLength: 7 },
  { start: 11, length: 1, parent: 2, prefixLength: 8 },
  { start: 12, length: 3, parent: 0, prefixLength: 2 },
  { start: 15, length: 2, parent: 4, prefixLength: 5 },
  { start: 17, length: 3, parent: 0, prefixLength: 0 },
]);
const branching: Shape[] = [{}, { window: 3 }].map((window) => ({ ...small, groups: [], tree, ...window }));

test.each([small, ...windowed, ...branching])(
  'the reference is attention by its definition: window $window',
  async (shape) => {
    const all = inputs(shape);
    const { outputs } = await evaluate('cpu', bind(attentionReference, shape), all);
    expectClose(outputs[0] as Float32Array, naive(all, segmentsOf(shape), shape), 1e-5);
  },
);

test.each([small, ...windowed, ...branching])(
  'the reference has the gradient its values show: window $window',
  (shape) => expectSlopes(bind(attentionReference, shape), inputs(shape), 1e-2),
);

const completions = (count: number): number[] => Array.from({ length: count }, (_, i) => 1 + ((5 * i) % 11));

describeNative('the native kernel', () => {
  test.each<Shape>([
    { heads: 1, kvHeads: 1, headDim: 5, groups: [{ promptLength: 1, completionLengths: [] }] },
    { heads: 9, kvHeads: 3, headDim: 20, groups: [{ promptLength: 4, completionLengths: [3] }] },
    { heads: 9, kvHeads: 3, headDim: 64, groups: [{ promptLength: 19, completionLengths: [33, 1, 16] }] },
    { heads: 2, kvHeads: 2, headDim: 16, groups: [{ promptLength: 5, completionLengths: completions(21) }] },
    { heads: 6, kvHeads: 2, headDim: 20, groups: [{ promptLength: 90, completionLengths: [75, 20] }] },
    { heads: 9, kvHeads: 3, headDim: 64, groups: [{ promptLength: 19, completionLengths: [33, 1, 16] }], window: 12 },
    { heads: 6, kvHeads: 2, headDim: 20, groups: [{ promptLength: 90, completionLengths: [75, 20] }], window: 40 },
    small,
    ...windowed,
    ...branching,
  ])(
    'agrees with the reference: $heads heads, $kvHeads kv heads of $headDim, $groups.length groups, window $window',
    (shape) => expectAgreement(bind(attention, shape), bind(attentionReference, shape), inputs(shape)),
  );

  test('gives a segment the same bits in any batch', async () => {
    const shape: Shape = {
      ...small,
      groups: [small.groups[0] as GroupLengths, { promptLength: 70, completionLengths: [5] }],
    };
    const alone: Shape = { ...small, groups: [small.groups[0] as GroupLengths] };
    const cut = (x: Input): Input => {
      const width = x.shape[1] as number;
      return { shape: [10, width], values: x.values.slice(0, 10 * width) };
    };
    const together = await evaluate('native', bind(attention, shape), inputs(shape));
    const apart = await evaluate('native', bind(attention, alone), inputs(shape).map(cut));
    expect(apart.outputs[0]).toEqual(together.outputs[0]?.slice(0, 10 * 12));
  });
});
