/** The updates of a GRPO step, and the log-probs of its samples under the reference. */
import * as tf from '@tensorflow/tfjs-core';
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord, GroupRecord } from '../../contract/engine.ts';
import { grpoLoss, type GrpoLoss } from '../../grpo/loss.ts';
import type { GrpoLossOptions } from '../../grpo/loss-options.ts';
import { highEntropyTokens } from '../../grpo/masks.ts';
import type { StepTotals } from '../../grpo/normalisation.ts';
import { withDropout } from '../model/lora.ts';
import { packGroups, type PackedBatch } from '../model/packed-batch.ts';
import type { Policy, TrainablePolicy } from '../model/policy.ts';
import { evaluateTokenLogps, tokenLogps } from '../model/token-logps.ts';
import { accumulate, lossGradients, microBatches, partsForMemory, zeroGradients } from './gradients.ts';
import type { TokenAdvantages } from './grpo-advantages.ts';
import { hostLoss, type HostLoss } from './host-loss.ts';
import type { Gradients, Optimizer } from './optimizer.ts';
import { forTraining } from './recomputation.ts';

/** Some groups, as one forward and backward pass takes them. */
interface MicroBatch {
  completions: CompletionRecord[];
  batch: PackedBatch;
  /** Whether the loss has a gradient here; without one there is no backward pass. */
  learns: boolean;
}

/** Gives every completion its log-probs under the reference. */
export function recordReferenceLogps(reference: Policy, groups: readonly GroupRecord[], config: GrpoConfig): void {
  for (const micro of microBatches(groups, config.steps_per_generation * config.gradient_accumulation_steps)) {
    const { batch, completions } = packed(micro, false);
    spread(evaluateTokenLogps(reference, batch, config.temperature), batch, (values, i) => {
      completions[i].referenceLogps = values;
    });
  }
}

/** What an update learns from. */
export interface UpdateSamples {
  groups: readonly GroupRecord[];
  /** Those of `groups` that an earlier policy sampled. */
  replayed: readonly GroupRecord[];
  advantages: TokenAdvantages;
}

export interface UpdateResult {
  losses: GrpoLoss[];
  /** Mean over the updates of the gradient norm before clipping. */
  gradientNorm: number;
  /** Optimizer updates made. */
  updates: number;
  /** Tokens whose layers were computed a second time, to save memory. */
  recomputedTokens: number;
}

/**
 * μ passes over the samples, each of `steps_per_generation` updates. Gives every completion its log-probs under the old policy and the
 * last one, its entropies and its gradient coefficients.
 *
 * The old policy's log-probs come from the first pass over a completion, which costs nothing; only where an update of other samples comes
 * before it, or that pass drops inputs and the old policy did not, they need a forward pass of their own. Replayed groups keep theirs: their old policy is the one that sampled them.
 */
export function updatePolicy(
  { config, policy, optimizer }: { config: GrpoConfig; policy: TrainablePolicy; optimizer: Optimizer },
  { groups, replayed, advantages }: UpdateSamples,
  options: GrpoLossOptions,
  learningRate: number,
): UpdateResult {
  const learns = learningGroups(config, options, advantages);
  const slices = microBatches(groups, config.steps_per_generation).map((slice) =>
    [true, false].flatMap((learning) => {
      const part = slice.filter((group) => learns(group) === learning);
      return microBatches(part, partsOf(part, config, policy)).map((micro) => packed(micro, learning));
    }),
  );
  const known = new Set(replayed.flatMap(({ completions }) => completions));
  const keepOldLogps = ({ batch, completions }: MicroBatch, logps: Float32Array): void =>
    spread(logps, batch, (values, i) => {
      if (!known.has(completions[i])) completions[i].oldLogps = values;
      known.add(completions[i]);
    });
  const drops = (policy.adapter?.settings.dropout ?? 0) > 0;
  for (const micro of slices.slice(drops ? 0 : 1).flat())
    keepOldLogps(micro, evaluateTokenLogps(policy, micro.batch, config.temperature));

  const averageTokens = lossTokens(slices.flat(), config) / slices.length;
  const losses: GrpoLoss[] = [];
  let gradientNorm = 0;
  let recomputedTokens = 0;
  for (let iteration = 0; iteration < config.num_iterations; iteration++) {
    for (const slice of slices) {
      const totals = {
        completions: slice.reduce((total, { completions }) => total + completions.length, 0),
        tokens: lossTokens(slice, config),
        averageTokens,
      };
      let gradients: Gradients | null = null;
      for (const [part, micro] of slice.entries()) {
        const tokens = micro.batch.tokens.length;
        const dropping = withDropout(policy, config.seed, optimizer.updates, part);
        const training = forTraining(dropping, config.gradient_checkpointing, tokens);
        if (training.recomputes && micro.learns) recomputedTokens += tokens;
        const forward = (): tf.Scalar => {
          const output = tokenLogps(training, micro.batch, config.temperature);
          const entropies = output.entropies.dataSync() as Float32Array;
          const bonus = options.entropyCoefficient === 0 ? null : output.entropies;
          return hostLoss(
            output.logps,
            (logps) => {
              keepOldLogps(micro, logps);
              spread(logps, micro.batch, (values, i) => (micro.completions[i].policyLogps = values));
              spread(entropies, micro.batch, (values, i) => (micro.completions[i].entropies = values));
              const { result, loss } = microBatchLoss(micro, advantages, config, options, totals, slice.length);
              losses.push(result);
              return loss;
            },
            bonus,
          );
        };
        if (micro.learns) gradients = accumulate(gradients, lossGradients(policy, forward));
        else tf.dispose(tf.tidy(forward));
      }
      gradients ??= zeroGradients(policy);
      gradientNorm += optimizer.apply(gradients, learningRate);
      tf.dispose(gradients);
    }
  }
  const updates = config.num_iterations * slices.length;
  return { losses, gradientNorm: gradientNorm / updates, updates, recomputedTokens };
}

/**
 * The loss over the completions that take part, and its gradients laid out over all tokens of the micro-batch. Gives those completions
 * their gradient coefficients.
 */
function microBatchLoss(
  { batch, completions }: MicroBatch,
  advantages: TokenAdvantages,
  config: GrpoConfig,
  options: GrpoLossOptions,
  totals: StepTotals,
  parts: number,
): { result: GrpoLoss; loss: HostLoss } {
  const taking = [...completions.keys()].filter((i) => takesPart(completions[i], config));
  const join = (pick: (completion: CompletionRecord) => ArrayLike<number>): Float64Array =>
    Float64Array.from(taking.flatMap((i) => Array.from(pick(completions[i]))));
  const offsets = taking.reduce(
    (offsets, i) => [...offsets, offsets[offsets.length - 1] + completions[i].tokens.length],
    [0],
  );
  const entropies = join((completion) => completion.entropies);
  let highEntropy = null;
  if (config.top_entropy_quantile < 1) {
    highEntropy = highEntropyTokens(entropies, config.top_entropy_quantile);
    highEntropy.tokens *= parts; // of the whole update, as far as one micro-batch can tell
  }
  const result = grpoLoss(
    {
      offsets,
      logps: join((completion) => completion.policyLogps),
      oldLogps: join((completion) => completion.oldLogps),
      samplingLogps: join((completion) => completion.samplingLogps),
      referenceLogps:
        completions[0].referenceLogps === null ? null : join(({ referenceLogps }) => referenceLogps as Float32Array),
      entropies,
      advantages: join(advantages),
    },
    totals,
    options,
    highEntropy,
  );
  const { loss, gradient, entropyGradient, coefficients } = result;
  taking.forEach((i, k) => {
    completions[i].coefficients = Float32Array.from(coefficients.subarray(offsets[k], offsets[k + 1]));
  });
  const layOut = (values: Float64Array): Float64Array => {
    const all = new Float64Array(batch.predictions.length);
    taking.forEach((i, k) => all.set(values.subarray(offsets[k], offsets[k + 1]), batch.offsets[i]));
    return all;
  };
  return {
    result,
    loss: {
      loss,
      gradient: layOut(gradient),
      entropyGradient: entropyGradient === null ? null : layOut(entropyGradient),
    },
  };
}

/**
 * Whether the loss has a gradient on a group. A group whose completions all did equally well has no advantages, and where nothing but
 * advantages enters the loss, none. Where the batch decides which tokens count, no group is told apart.
 */
function learningGroups(
  config: GrpoConfig,
  { beta, entropyCoefficient }: GrpoLossOptions,
  advantages: TokenAdvantages,
): (group: GroupRecord) => boolean {
  if (beta !== 0 || entropyCoefficient !== 0 || config.top_entropy_quantile < 1) return () => true;
  const taking = ({ completions }: GroupRecord) => completions.filter((completion) => takesPart(completion, config));
  return (group) => taking(group).some((completion) => advantages(completion).some((advantage) => advantage !== 0));
}

/** As many micro-batches as the config asks for, or more where memory does; which tokens have high entropy one batch decides. */
function partsOf(groups: readonly GroupRecord[], config: GrpoConfig, policy: Policy): number {
  const wanted = config.gradient_accumulation_steps;
  if (config.top_entropy_quantile < 1) return wanted;
  const tokens = groups.reduce(
    (total, { promptTokens, completions }) =>
      completions.reduce((sum, completion) => sum + completion.tokens.length, total + promptTokens.length),
    0,
  );
  return Math.max(wanted, partsForMemory(policy, tokens));
}

function takesPart({ finishReason }: CompletionRecord, config: GrpoConfig): boolean {
  return !(config.mask_truncated_completions && finishReason === 'length');
}

function lossTokens(batches: readonly MicroBatch[], config: GrpoConfig): number {
  const completions = batches
    .flatMap((micro) => micro.completions)
    .filter((completion) => takesPart(completion, config));
  return completions.reduce((total, { tokens }) => total + tokens.length, 0);
}

function packed(groups: readonly GroupRecord[], learns: boolean): MicroBatch {
  return {
    learns,
    completions: groups.flatMap(({ completions }) => completions),
    batch: packGroups(
      groups.map(({ promptTokens, completions }) => ({
        promptTokens,
        completions: completions.map(({ tokens }) => tokens),
      })),
    ),
  };
}

/** Hands each completion of a batch its part of per-token values [M]. */
function spread(
  values: Float32Array,
  { offsets }: PackedBatch,
  give: (part: Float32Array, completion: number) => void,
): void {
  for (let i = 0; i + 1 < offsets.length; i++) give(values.slice(offsets[i], offsets[i + 1]), i);
}
