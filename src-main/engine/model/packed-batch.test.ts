import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { largestDifference } from '../../../e2e/fixtures/golden.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { lossGradients } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import { segmentList } from '../tensor/ops/segments.ts';
import { packGroups } from './packed-batch.ts';
import { loadPolicy, type TrainablePolicy } from './policy.ts';
import { evaluateTokenLogps, tokenLogps } from './token-logps.ts';

/** Completions that part at once, later, at the end, and not at all; the second prompt begins as the first. */
const groups = [
  { promptTokens: [5, 9, 2], completions: [[7, 1, 33, 4], [7, 1, 30], [7, 1, 33, 4], [8], [7, 1, 33, 6, 20]] }, // prettier-ignore
  { promptTokens: [5, 9, 3, 3], completions: [[7, 1], []] },
];

test('what texts begin with lies in the batch once', () => {
  const batch = packGroups(groups);
  expect([...batch.tokens]).toEqual([5, 9, 2, 7, 1, 33, 6, 3, 3, 7]);
  expect([...batch.positions]).toEqual([0, 1, 2, 3, 4, 5, 6, 2, 3, 4]);
  expect(segmentList(batch.segments)).toEqual([
    { start: 0, length: 3, parent: 0, prefixLength: 0 },
    { start: 3, length: 3, parent: 0, prefixLength: 3 },
    { start: 6, length: 1, parent: 1, prefixLength: 6 },
    { start: 7, length: 2, parent: 0, prefixLength: 2 },
    { start: 9, length: 1, parent: 3, prefixLength: 4 },
  ]);
  expect([...batch.offsets]).toEqual([0, 4, 7, 11, 12, 17, 19, 19]);
  const predictor = (place: number) => batch.rows[batch.predictors[batch.predictions[place]]];
  expect(Array.from({ length: 4 }, (_, t) => predictor(t))).toEqual([2, 3, 4, 5]);
  expect([...batch.predictions].slice(7, 11)).toEqual([...batch.predictions].slice(0, 4));
  expect([predictor(11), predictor(15), predictor(16), predictor(17)]).toEqual([2, 5, 6, 8]);
  expect([...batch.rows]).toEqual([2, 3, 4, 5, 6, 8, 9]);
  expect(Array.from(batch.predictions, (place) => batch.targets[place])).toEqual(
    groups.flatMap(({ completions }) => completions.flat()),
  );
});

describeOnEveryBackend('a batch of texts that begin alike', () => {
  const folder = join(import.meta.dirname, '../../../resources/models/starter');
  let policy: TrainablePolicy;
  beforeAll(async () => {
    policy = await loadPolicy(folder, { trainable: true });
  });
  afterAll(() => policy.dispose());

  const alone = groups.flatMap(({ promptTokens, completions }) =>
    completions.map((completion) => packGroups([{ promptTokens, completions: [completion] }])),
  );

  test('has the log-probs of each text alone', () => {
    const expected = alone.flatMap((batch) =>
      batch.predictions.length === 0 ? [] : [...evaluateTokenLogps(policy, batch, 0.9)],
    );
    expect(largestDifference(expected, evaluateTokenLogps(policy, packGroups(groups), 0.9))).toBeLessThan(1e-4);
  });

  test('has the gradient of all texts together', () => {
    const gradients = (batches: ReturnType<typeof packGroups>[]): Record<string, Float32Array> => {
      const sums: Record<string, Float32Array> = {};
      let before = 0;
      for (const batch of batches) {
        const count = batch.predictions.length;
        if (count === 0) continue;
        const from = before;
        before += count;
        const parts = lossGradients(policy, () =>
          hostLoss(tokenLogps(policy, batch, 1).logps, () => ({
            loss: 0,
            gradient: Float64Array.from({ length: count }, (_, i) => Math.sin(from + i)),
          })),
        );
        for (const [name, part] of Object.entries(parts)) {
          const sum = (sums[name] ??= new Float32Array(part.size));
          part.dataSync().forEach((value, i) => (sum[i] += value));
        }
        tf.dispose(parts);
      }
      return sums;
    };
    const [together, apart] = [gradients([packGroups(groups)]), gradients(alone)];
    for (const name of Object.keys(apart)) {
      expect(largestDifference(apart[name], together[name]), name).toBeLessThan(1e-3);
    }
  });
});
