/** The loss of a GRPO step taken apart, and why its value says so little about what is learned. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { StepRecord } from '../../contract/engine.ts';
import { isOnPolicy, replays, updatesOf } from './explain-ratio.ts';
import { mean } from '../../grpo/statistics.ts';
import { lossBeta, tokenTerms } from './token-terms.ts';
import type { LossSection, LossTerm } from './types.ts';
import { number, percent } from '../../rewards/watchers/wording.ts';

/** Recorded and recomputed values agree within this much, absolute plus relative: per-token values are stored in float32. */
const TOLERANCE = { absolute: 1e-6, relative: 0.01 };

/** @param firstLoss loss of the run's first step; null when it was not recorded */
export function explainLoss(
  { step, metrics, groups }: StepRecord,
  config: GrpoConfig,
  firstLoss: number | null,
): LossSection {
  const completions = groups.flatMap((group) => group.completions);
  const beta = lossBeta(config, metrics);
  const terms = completions.map((completion) => tokenTerms(completion, config, beta));
  const hasReference = completions.some(({ referenceLogps }) => referenceLogps !== null);
  const sequenceKls = terms.filter(({ length }) => length > 0).map((tokens) => mean(tokens.map(({ kl }) => kl ?? 0)));
  const tokens = terms.flat();
  const numbers = {
    meanAdvantage: mean(completions.map(({ advantage }) => advantage)),
    meanSequenceKl: hasReference ? mean(sequenceKls) : null,
    firstLoss,
    gradientNorm: metrics['grad_norm'] ?? null,
    meanPush: {
      advantage: mean(tokens.map(({ fromAdvantage }) => Math.abs(fromAdvantage))),
      kl: mean(tokens.map(({ fromKl }) => Math.abs(fromKl))),
    },
  };
  const facts: Facts = { ...numbers, step, metrics, config, beta, onPolicy: isOnPolicy(metrics, completions) };
  const sentences = [...valueSentences(facts), ...slopeSentences(facts), ...klSentences(facts)];
  return { terms: lossTerms(facts), ...numbers, sentences };
}

interface Facts extends Omit<LossSection, 'terms' | 'sentences'> {
  step: number;
  metrics: Record<string, number>;
  config: GrpoConfig;
  /** Weight of the KL term in this step. */
  beta: number;
  /** Every ratio was 1: the policy that was updated is the one that sampled. */
  onPolicy: boolean;
}

function lossTerms({ metrics, beta, onPolicy, meanAdvantage, meanSequenceKl }: Facts): LossTerm[] {
  const { loss, 'loss/policy': policy, 'loss/kl': kl, 'loss/entropy': entropy } = metrics;
  const terms: LossTerm[] = [];
  if (policy !== undefined) {
    const plain = onPolicy && agree(policy, -meanAdvantage);
    terms.push({
      name: 'policy term',
      value: policy,
      note: plain ? 'minus the mean advantage, since every ratio is 1' : '',
    });
  }
  if (kl !== undefined) {
    const product = meanSequenceKl !== null && agree(kl, beta * meanSequenceKl);
    const note = product ? `beta ${number(beta)} × ${number(meanSequenceKl)}, the mean KL of the completions` : '';
    terms.push({ name: 'KL term', value: kl, note });
  }
  if (entropy !== undefined)
    terms.push({ name: 'entropy term', value: entropy, note: 'a bonus, so below zero, for staying undecided' });
  if (loss !== undefined) terms.push({ name: 'loss', value: loss, note: terms.length > 0 ? 'their sum' : '' });
  return terms;
}

/** Why the policy term is zero, and with it the loss of the first step. */
function valueSentences({ step, metrics, config, beta, onPolicy, meanAdvantage, firstLoss }: Facts): string[] {
  const policy = metrics['loss/policy'];
  if (policy === undefined) return ['The run did not record the terms of its loss.'];
  const updates = updatesOf(config);
  if (!onPolicy) {
    return updates === 1 || replays(metrics)
      ? ['The ratios were not all 1, so the policy term is not just minus the mean advantage.']
      : [
          `This step made ${updates} updates from the same samples. In the first one every ratio is 1 and the policy term is minus the mean advantage${agree(meanAdvantage, 0) ? ', which is zero' : ''}; after it the policy has moved, and the recorded value is the mean over the updates.`,
        ];
  }
  if (!agree(policy, -meanAdvantage)) {
    return [
      `Every ratio is 1, yet the policy term is not minus the mean advantage (${number(-meanAdvantage)}): this loss (loss_type ${config.loss_type}, masks) does not weigh all completions alike.`,
    ];
  }
  if (!agree(meanAdvantage, 0)) {
    return [`The advantages do not cancel, their mean is ${number(meanAdvantage)}: so the policy term is not zero.`];
  }
  const zero =
    'The policy term is zero in every step, however good or bad the policy is: with one update per batch its value is minus the mean advantage, and the advantages of a group cancel out.';
  if ((metrics['loss/entropy'] ?? 0) !== 0) return [`${zero} What the loss shows is its other terms.`];
  if (beta === 0) return [`${zero} There is no KL term in this loss, so the loss stays at zero.`];
  if (firstLoss === null || !agree(firstLoss, 0)) return [zero];
  return step === 1
    ? [
        zero,
        'The KL term is zero too, because in the first step the policy still equals the reference, the model the run began with. That is why the loss starts at zero.',
      ]
    : [
        zero,
        'The loss started at zero, because in step 1 the policy still equalled the reference, the model the run began with. What it shows since then is how far the policy has moved, not how good it is: for that look at the reward and the accuracy.',
      ];
}

/** That a loss of zero has a slope. */
function slopeSentences({ config, beta, gradientNorm, meanPush }: Facts): string[] {
  if (gradientNorm === null) return [];
  const limit = config.max_grad_norm;
  const bound =
    limit === 0
      ? ''
      : gradientNorm > limit
        ? ` and was scaled down to max_grad_norm (${number(limit)})`
        : `, within the limit max_grad_norm (${number(limit)})`;
  const norm = `the gradient's norm (its length, over all weights) was ${number(gradientNorm)}${bound}`;
  if (agree(meanPush.advantage, 0))
    return [
      `All advantages are zero in this step, so it learned nothing from the rewards; ${norm}${gradientNorm > 0 && beta > 0 ? ', all of it from the KL term' : ''}.`,
    ];
  return [
    `Learning follows the slope of the loss, not its value, and the slope is not zero: ${norm}. Tokens of completions with a positive advantage get likelier, those with a negative one less likely.`,
  ];
}

function klSentences({ metrics, config, beta, meanSequenceKl, meanPush }: Facts): string[] {
  if (meanSequenceKl === null) return config.beta === 0 ? ['There is no reference to be pulled to: beta is 0.'] : [];
  const distance = `KL is the distance of the policy to the reference, 0 where they agree: ${number(meanSequenceKl)} nats per token here.`;
  if (config.kl_in_reward)
    return [`${distance} It is taken off the rewards (kl_in_reward) and is no term of the loss.`];
  const share = meanPush.kl / (meanPush.kl + meanPush.advantage);
  const pull = Number.isFinite(share) ? ` Of the push on an average token ${percent(share)} comes from it.` : '';
  const sentences = [`${distance} The KL term pulls the policy back.${pull}`];
  const { 'loss/kl': term, kl } = metrics;
  if (term !== undefined && !agree(term, beta * meanSequenceKl)) {
    sentences.push(
      `The KL term is not just beta × this mean (${number(beta * meanSequenceKl)}): this loss weighs tokens otherwise, or it is the mean over several updates.`,
    );
  }
  if (kl !== undefined && !agree(kl, meanSequenceKl)) {
    sentences.push(
      `The metric kl, ${number(kl)}, is another mean: over all tokens at once, so that long completions count more.`,
    );
  }
  if (config.sync_ref_model)
    sentences.push(`The reference follows the policy every ${config.ref_model_sync_steps} steps (sync_ref_model).`);
  return sentences;
}

function agree(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE.absolute + TOLERANCE.relative * Math.abs(b);
}
