import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { golden, goldenFolder, largestDifference, unpad } from '../../../e2e/fixtures/golden.ts';
import { grpoLoss, type GrpoLoss } from '../../grpo/loss.ts';
import { mean } from '../../grpo/statistics.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { packGroups } from '../model/packed-batch.ts';
import { loadPolicy } from '../model/policy.ts';
import { evaluateTokenLogps, tokenLogps } from '../model/token-logps.ts';
import { lossGradients } from './gradients.ts';
import { hostLoss } from './host-loss.ts';
import { Optimizer } from './optimizer.ts';

interface Case {
  lora: boolean;
  prompt_ids: number[][];
  prompt_mask: number[][];
  completion_ids: number[][];
  completion_mask: number[][];
  num_generations: number;
  advantages: number[];
  config: {
    temperature: number;
    epsilon: number;
    beta: number;
    lr: number;
    weight_decay: number;
    max_grad_norm: number;
  };
  ref_logps: number[][];
  updates: { loss: number; grad_norm: number; kl: number; entropy: number; logps: number[][] }[];
  final_logps: number[][];
}

const [reference] = golden<{ cases: Case[] }>('grpo_updates').cases.filter(({ lora }) => !lora);

describeOnEveryBackend('three updates on one batch equal TRL', () => {
  test('loss, gradient norm, KL, entropy and log-probs', async () => {
    const { config, completion_mask: mask } = reference;
    const policy = await loadPolicy(join(goldenFolder, 'models', 'llama-tied'), { trainable: true });
    const optimizer = new Optimizer(policy, {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: config.weight_decay,
      maxGradNorm: config.max_grad_norm,
    });
    const batch = packGroups(
      // Rows of the golden batch are completions, each with a prompt of its own.
      reference.completion_ids.map((ids, i) => ({
        promptTokens: reference.prompt_ids[i].filter((_, t) => reference.prompt_mask[i][t] === 1),
        completions: [ids.filter((_, t) => mask[i][t] === 1)],
      })),
    );
    const oldLogps = evaluateTokenLogps(policy, batch, config.temperature);
    expect(largestDifference(oldLogps, unpad(reference.ref_logps, mask))).toBeLessThan(5e-4);
    for (const expected of reference.updates) {
      let result: GrpoLoss | undefined;
      let entropies = new Float32Array();
      const gradients = lossGradients(policy, () => {
        const output = tokenLogps(policy, batch, config.temperature);
        entropies = output.entropies.dataSync() as Float32Array<ArrayBuffer>;
        return hostLoss(output.logps, (logps) => {
          expect(largestDifference(logps, unpad(expected.logps, mask))).toBeLessThan(5e-4);
          const tokens = {
            offsets: batch.offsets,
            logps,
            oldLogps,
            referenceLogps: oldLogps,
            advantages: reference.advantages,
          };
          return (result = grpoLoss(tokens, { epsilon: config.epsilon, beta: config.beta, completions: mask.length }));
        });
      });
      const norm = optimizer.apply(gradients, config.lr);
      tf.dispose(gradients);
      const { loss, sums } = result as GrpoLoss;
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-4);
      expect(Math.abs(sums.kl / sums.tokens - expected.kl)).toBeLessThan(1e-4);
      expect(Math.abs(mean(entropies) - expected.entropy)).toBeLessThan(1e-4);
      expect(Math.abs(norm - expected.grad_norm) / expected.grad_norm).toBeLessThan(1e-4);
    }
    const final = evaluateTokenLogps(policy, batch, config.temperature);
    expect(largestDifference(final, unpad(reference.final_logps, mask))).toBeLessThan(5e-4);
    optimizer.dispose();
    policy.dispose();
  });
});
