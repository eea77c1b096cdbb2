/** One GRPO step, top to bottom: sample groups, score them, take their advantages, update the policy (DeepSeekMath algorithm 1). */
import type { EngineEvent, GroupRecord } from '../../contract/engine.ts';
import { meanPassRate, type PassRates } from '../../grpo/curriculum.ts';
import { duplicateMetrics, groupBreakdown, lossMetrics, samplingMetrics } from '../../grpo/metrics.ts';
import { succeeded } from '../../grpo/outcome.ts';
import type { Policy, TrainablePolicy } from '../model/policy.ts';
import { recordAdvantages } from './grpo-advantages.ts';
import { sampleStep, type GroupSampler } from './grpo-sampling.ts';
import { lossOptions, type Coefficients } from './grpo-settings.ts';
import { recordReferenceLogps, updatePolicy } from './grpo-update.ts';
import type { Optimizer } from './optimizer.ts';
import { startStopwatch } from './stopwatch.ts';

export interface GrpoTrainer extends GroupSampler {
  policy: TrainablePolicy;
  /** null when β = 0. */
  reference: Policy | null;
  optimizer: Optimizer;
  coefficients: Coefficients;
}

export interface GrpoStep {
  groups: GroupRecord[];
  metrics: Record<string, number>;
}

/**
 * @param step 1-based; names the random streams
 * @yields the phases as they begin
 */
export async function* grpoStep(
  trainer: GrpoTrainer,
  step: number,
  learningRate: number,
): AsyncGenerator<EngineEvent, GrpoStep> {
  const { config, coefficients } = trainer;
  const time = startStopwatch();

  const { groups, sampled, replayed, dropped, reasoning } = yield* sampleStep(trainer, step, time);

  if (trainer.reference !== null) {
    yield { type: 'phase', phase: 'reference', step };
    recordReferenceLogps(trainer.reference, groups, config);
    time.lap('reference');
  }
  const advantages = recordAdvantages(groups, config, coefficients.beta, reasoning);

  yield { type: 'phase', phase: 'update', step };
  const options = lossOptions(config, coefficients);
  const { losses, gradientNorm, updates, recomputedTokens } = updatePolicy(
    trainer,
    { groups, replayed, advantages },
    options,
    learningRate,
  );
  time.lap('update');
  trainer.replay?.offer(groups.filter((group) => !replayed.includes(group)));

  const completionTokens = tokenCount(groups);
  const metrics = {
    ...samplingMetrics(
      sampled.map((group) => ({
        completions: group.completions.map(({ tokens, finishReason, reward, scores }) => ({
          length: tokens.length,
          terminated: finishReason !== 'length',
          reward,
          scores: scores.map(({ score }) => score),
        })),
      })),
      trainer.scorer.names,
    ),
    ...duplicateMetrics(sampled.map((group) => group.completions.map(({ text }) => text))),
    ...groupBreakdown(sampled.map((group) => group.completions.map(({ scores: [{ score }] }) => succeeded(score)))),
    ...lossMetrics(losses, updates, options),
    ...(config.dynamic_sampling ? { 'groups/dropped': dropped } : {}),
    ...(trainer.replay === null ? {} : { 'groups/replayed': replayed.length }),
    ...curriculumMetrics(trainer.passRates),
    ...(config.kl_target === undefined ? {} : { beta: coefficients.beta }),
    grad_norm: gradientNorm,
    learning_rate: learningRate,
    completion_tokens: completionTokens,
    'memory/recomputed_tokens': recomputedTokens,
    'tokens_per_second/sampling': time.perSecond(tokenCount(sampled), 'sampling'),
    'tokens_per_second/scoring': time.perSecond(tokenCount(sampled), 'scoring'),
    ...(trainer.reference === null
      ? {}
      : { 'tokens_per_second/reference': time.perSecond(completionTokens, 'reference') }),
    'tokens_per_second/update': time.perSecond(completionTokens * config.num_iterations, 'update'),
    ...time.metrics(),
  };
  return { groups, metrics };
}

/** Tokens of all completions. */
function tokenCount(groups: readonly GroupRecord[]): number {
  return groups.flatMap((group) => group.completions).reduce((total, { tokens }) => total + tokens.length, 0);
}

/** Left out until a row was measured. */
function curriculumMetrics(passRates: PassRates | null): Record<string, number> {
  const passRate = meanPassRate(passRates ?? {});
  return Number.isNaN(passRate) ? {} : { 'curriculum/mean_pass_rate': passRate };
}
