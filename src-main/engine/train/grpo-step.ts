/** One GRPO step, top to bottom: sample groups, score them, take their advantages, update the policy (DeepSeekMath algorithm 1). */
import * as tf from '@tensorflow/tfjs-core';
import type { GrpoConfig } from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { EngineEvent, GroupRecord } from '../../contract/engine.ts';
import { groupAdvantages } from '../../grpo/advantages.ts';
import { grpoLoss, type GrpoLoss } from '../../grpo/loss.ts';
import { lossMetrics, samplingMetrics } from '../../grpo/metrics.ts';
import { mean } from '../../grpo/statistics.ts';
import type { RewardScorer } from '../../rewards/compile-rules.ts';
import { packGroups, type PackedBatch } from '../model/packed-batch.ts';
import type { Policy, TrainablePolicy } from '../model/policy.ts';
import { evaluateTokenLogps, tokenLogps } from '../model/token-logps.ts';
import { rollout } from '../sampler/rollout.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { accumulate, lossGradients, microBatches } from './gradients.ts';
import { hostLoss } from './host-loss.ts';
import type { Gradients, Optimizer } from './optimizer.ts';

export interface GrpoTrainer {
  config: GrpoConfig;
  policy: TrainablePolicy;
  /** null when β = 0. */
  reference: Policy | null;
  tokenizer: Tokenizer;
  scorer: RewardScorer;
  optimizer: Optimizer;
}

export interface GrpoStep {
  groups: GroupRecord[];
  metrics: Record<string, number>;
}

/** Some groups of the step, as one forward and backward pass takes them. */
interface MicroBatch {
  batch: PackedBatch;
  advantages: number[];
  oldLogps: Float32Array | null; // [M], known after the first pass
  referenceLogps: Float32Array | null; // [M]
  policyLogps: Float32Array; // [M] of the last pass
  entropies: Float32Array; // [M] of the first pass
}

/**
 * @param rows the step's prompts
 * @param step 1-based; names the random streams
 * @yields the phase that begins
 */
export function* grpoStep(
  trainer: GrpoTrainer,
  rows: readonly DatasetRow[],
  step: number,
  learningRate: number,
): Generator<EngineEvent, GrpoStep> {
  const { config } = trainer;
  const time = stopwatch();

  yield { type: 'phase', phase: 'sampling', step };
  const sampled = sampleGroups(trainer, rows, step);
  time.lap('sampling');

  yield { type: 'phase', phase: 'scoring', step };
  const groups = sampled.map((group, i) => scoreGroup(trainer.scorer, group, rows[i]));
  time.lap('scoring');

  const batches = microBatches(groups, config.gradient_accumulation_steps).map(toMicroBatch);
  if (trainer.reference !== null) {
    yield { type: 'phase', phase: 'reference', step };
    for (const micro of batches) {
      micro.referenceLogps = evaluateTokenLogps(trainer.reference, micro.batch, config.temperature);
    }
    time.lap('reference');
  }

  yield { type: 'phase', phase: 'update', step };
  const { losses, gradientNorm } = update(trainer, batches, learningRate);
  time.lap('update');
  recordTokenArrays(groups, batches);

  const completions = groups.flatMap((group) => group.completions);
  const completionTokens = completions.reduce((total, { tokens }) => total + tokens.length, 0);
  const metrics = {
    ...samplingMetrics(
      groups.map((group) => ({
        completions: group.completions.map(({ tokens, finishReason, reward, scores }) => ({
          length: tokens.length,
          terminated: finishReason !== 'length',
          reward,
          scores: scores.map(({ score }) => score),
        })),
      })),
      trainer.scorer.names,
    ),
    ...lossMetrics(losses, config.num_iterations, trainer.reference !== null),
    entropy: mean(completions.flatMap(({ entropies }) => Array.from(entropies))),
    grad_norm: gradientNorm,
    learning_rate: learningRate,
    completion_tokens: completionTokens,
    'tokens_per_second/sampling': completionTokens / time.seconds('sampling'),
    'tokens_per_second/update': (completionTokens * config.num_iterations) / time.seconds('update'),
    ...time.metrics(),
  };
  return { groups, metrics };
}

function sampleGroups(
  { config, policy, tokenizer }: GrpoTrainer,
  rows: readonly DatasetRow[],
  step: number,
): GroupRecord[] {
  const prompts = rows.map(({ prompt }) => tokenizer.encodePrompt(prompt));
  const sampled = rollout(
    policy,
    tokenizer,
    prompts.map(({ tokens }) => tokens),
    {
      sampling: config,
      generations: config.num_generations,
      greedy: false,
      seed: config.seed,
      path: ['rollout', step],
    },
  );
  return rows.map((row, i) => ({
    row: row.index,
    prompt: prompts[i].text,
    promptTokens: prompts[i].tokens,
    completions: sampled[i].map(({ text, tokens, finishReason, logps }) => ({
      text,
      tokens,
      finishReason,
      samplingLogps: logps,
      reward: null,
      advantage: 0,
      scores: [],
      oldLogps: logps,
      policyLogps: logps,
      referenceLogps: null,
      entropies: new Float32Array(),
    })),
  }));
}

function scoreGroup(scorer: RewardScorer, group: GroupRecord, row: DatasetRow): GroupRecord {
  const verdicts = group.completions.map(({ text }) => scorer.score(text, row));
  const advantages = groupAdvantages(verdicts.map(({ reward }) => reward));
  return {
    ...group,
    completions: group.completions.map((completion, i) => ({
      ...completion,
      ...verdicts[i],
      advantage: advantages[i],
    })),
  };
}

function toMicroBatch(groups: GroupRecord[]): MicroBatch {
  const completions = groups.flatMap((group) => group.completions);
  return {
    batch: packGroups(
      groups.map(({ promptTokens, completions }) => ({
        promptTokens,
        completions: completions.map(({ tokens }) => tokens),
      })),
    ),
    advantages: completions.map(({ advantage }) => advantage),
    oldLogps: null,
    referenceLogps: null,
    policyLogps: new Float32Array(),
    entropies: new Float32Array(),
  };
}

/** μ updates on the same samples. The first pass runs before any update, so its log-probs are the old policy's. */
function update(
  trainer: GrpoTrainer,
  batches: MicroBatch[],
  learningRate: number,
): { losses: GrpoLoss[]; gradientNorm: number } {
  const { config, policy, optimizer } = trainer;
  const completions = batches.reduce((total, { advantages }) => total + advantages.length, 0);
  const losses: GrpoLoss[] = [];
  let gradientNorm = 0;
  for (let iteration = 0; iteration < config.num_iterations; iteration++) {
    let gradients: Gradients | null = null;
    for (const micro of batches) {
      const forward = (): tf.Scalar => {
        const { logps, entropies } = tokenLogps(policy, micro.batch, config.temperature);
        if (iteration === 0) micro.entropies = entropies.dataSync() as Float32Array;
        return hostLoss(logps, (values) => {
          micro.policyLogps = values;
          micro.oldLogps ??= values;
          const { advantages, oldLogps, referenceLogps } = micro;
          const result = grpoLoss(
            { offsets: micro.batch.offsets, logps: values, oldLogps, referenceLogps, advantages },
            { epsilon: config.epsilon, beta: config.beta, completions },
          );
          losses.push(result);
          return result;
        });
      };
      gradients = accumulate(gradients, lossGradients(policy, forward));
    }
    gradientNorm += optimizer.apply(gradients as Gradients, learningRate) / config.num_iterations;
    tf.dispose(gradients as Gradients);
  }
  return { losses, gradientNorm };
}

/** Gives every completion its own part of the per-token arrays. */
function recordTokenArrays(groups: GroupRecord[], batches: MicroBatch[]): void {
  const completions = groups.flatMap((group) => group.completions);
  let next = 0;
  for (const { batch, oldLogps, referenceLogps, policyLogps, entropies } of batches) {
    for (let i = 0; i + 1 < batch.offsets.length; i++) {
      const completion = completions[next++];
      const part = (values: Float32Array) => values.slice(batch.offsets[i], batch.offsets[i + 1]);
      completion.oldLogps = part(oldLogps as Float32Array);
      completion.policyLogps = part(policyLogps);
      completion.entropies = part(entropies);
      completion.referenceLogps = referenceLogps === null ? null : part(referenceLogps);
    }
  }
}

/** Seconds spent in each phase, as metrics `time/<phase>`, and `step_time` for all of them. */
function stopwatch() {
  const start = performance.now();
  const laps = new Map<string, number>();
  let last = start;
  return {
    lap(name: string) {
      const now = performance.now();
      laps.set(name, (now - last) / 1000);
      last = now;
    },
    seconds: (name: string) => laps.get(name) ?? 0,
    metrics(): Record<string, number> {
      const phases = [...laps].map(([name, seconds]) => [`time/${name}`, seconds] as const);
      return { ...Object.fromEntries(phases), step_time: (last - start) / 1000 };
    },
  };
}
