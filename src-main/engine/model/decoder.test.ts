import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { golden, goldenFolder, largestDifference } from '../../../e2e/fixtures/golden.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { lossGradients } from '../train/gradients.ts';
import { attention } from '../tensor/ops/attention.ts';
import { linear } from '../tensor/ops/linear.ts';
import { segmentPositions, segmentsOfGroups } from '../tensor/ops/segments.ts';
import { headWeight, hiddenStates, logitsInput } from './decoder.ts';
import { packGroups } from './packed-batch.ts';
import { loadPolicy, type TrainablePolicy } from './policy.ts';
import { tokenLogps } from './token-logps.ts';

interface Reference {
  input_ids: number[][];
  attention_mask: number[][];
  logits_at: Record<string, number[]>;
  greedy: number[];
  causal_lm_loss: number;
  grad_norms: Record<string, number>;
}

const reference = golden<{ models: Record<string, Reference> }>('models').models['llama-tied'];
/** The rows without their padding: the packed layout has none. */
const rows = reference.input_ids.map((ids, i) => ids.filter((_, t) => reference.attention_mask[i][t] === 1));

describeOnEveryBackend('the Llama decoder equals transformers', () => {
  let policy: TrainablePolicy;
  beforeAll(
    async () => void (policy = await loadPolicy(join(goldenFolder, 'models', 'llama-tied'), { trainable: true })),
  );
  afterAll(() => policy.dispose());

  /** Logits [N, V] of some texts packed into one batch. */
  function logitsOf(texts: number[][]): Float32Array {
    const { config, weights } = policy;
    const segments = segmentsOfGroups(texts.map(({ length }) => ({ promptLength: length, completionLengths: [] })));
    return tf.tidy(() => {
      const tokens = Int32Array.from(texts.flat());
      const shape = { headDim: config.headDim, scale: 1 / Math.sqrt(config.headDim) };
      const hidden = hiddenStates(
        config,
        weights,
        policy.rope(64),
        tokens,
        segmentPositions(segments),
        (_, query, key, value) => attention(query, key, value, segments, shape),
      );
      return linear(logitsInput(config, weights, hidden), headWeight(config, weights)).dataSync() as Float32Array;
    });
  }

  test('logits of rows that were padded on the left, on the right and not at all', () => {
    const logits = logitsOf(rows);
    const { vocabSize } = policy.config;
    const starts = [0, rows[0].length, rows[0].length + rows[1].length];
    const places = Object.entries(reference.logits_at);
    expect(places.length).toBeGreaterThan(2);
    for (const [place, expected] of places) {
      const [row, column] = place.split(',').map(Number);
      if (reference.attention_mask[row][column] === 0) continue;
      const padding = reference.attention_mask[row].indexOf(1);
      const at = (starts[row] + column - padding) * vocabSize;
      expect(largestDifference(logits.subarray(at, at + vocabSize), expected)).toBeLessThan(2e-4);
    }
  });

  test('greedy continuation', () => {
    const ids = rows[0].slice(0, 6);
    for (let i = 0; i < reference.greedy.length; i++) {
      const last = logitsOf([ids]).slice(-policy.config.vocabSize);
      ids.push(last.indexOf(Math.max(...last)));
    }
    expect(ids.slice(6)).toEqual(reference.greedy);
  });

  test('causal-LM loss and the gradient norm of every weight', () => {
    // The first token of a row is its prompt, the rest what is to be predicted.
    const batch = packGroups(rows.map(([first, ...rest]) => ({ promptTokens: [first], completions: [rest] })));
    let loss = NaN;
    const gradients = lossGradients(policy, () => {
      const value = tf.neg(tf.mean(tokenLogps(policy, batch, 1).logps)) as tf.Scalar;
      loss = value.dataSync()[0];
      return value;
    });
    expect(Math.abs(loss - reference.causal_lm_loss)).toBeLessThan(1e-5);
    for (const [name, expected] of Object.entries(reference.grad_norms)) {
      const norm = tf.tidy(() => tf.norm(gradients[name]).dataSync()[0]);
      expect(Math.abs(norm - expected) / expected, name).toBeLessThan(1e-3);
    }
    tf.dispose(gradients);
  });
});
