/** Loads reward models: a decoder whose head gives one number, its judgement of the text (LlamaForSequenceClassification). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../../contract/errors.ts';
import { RandomStream } from '../../grpo/random.ts';
import { weightShapes } from '../model/config.ts';
import {
  makePolicy,
  readDecoderConfig,
  readWeights,
  toWeight,
  type Policy,
  type TrainablePolicy,
} from '../model/policy.ts';

/** The name of the head [1, H]. */
export const SCORE_WEIGHT = 'score.weight';

/** A decoder with `score.weight` among its weights and no LM head. */
export type RewardModel = Policy;

/** A reward model whose weights an optimizer may change. */
export type TrainableRewardModel = TrainablePolicy;

/**
 * Loads a trained reward model, to score with.
 *
 * @throws StudioError `model_invalid` or `model_unsupported`, also when the folder holds a language model, which has no score
 */
export async function loadRewardModel(folder: string): Promise<RewardModel> {
  const config = await readDecoderConfig(folder);
  if (!config.scoreHead) {
    throw new StudioError(
      'model_unsupported',
      `${folder} is a language model and has no score; train a reward model from it with \`grpo-studio reward-model\``,
      { path: join(folder, 'config.json'), field: 'architectures' },
    );
  }
  return makePolicy(config, await readWeights(folder, weightShapes(config), { trainable: false }));
}

/**
 * Loads a reward model to train: an existing one, or a language model with a new head in the place of its own.
 *
 * @param seed draws the new head, as transformers does: normal(0, initializer_range)
 */
export async function openRewardModel(folder: string, seed: number): Promise<TrainableRewardModel> {
  const found = await readDecoderConfig(folder);
  const config = { ...found, scoreHead: true };
  const shapes = weightShapes(config);
  if (!found.scoreHead) shapes.delete(SCORE_WEIGHT);
  const weights = await readWeights(folder, shapes, { trainable: true });
  if (!found.scoreHead) {
    const stream = RandomStream.of(seed, 'initialize', SCORE_WEIGHT);
    const values = Float32Array.from(
      { length: config.hiddenSize },
      () => config.initializerRange * stream.nextNormal(),
    );
    weights[SCORE_WEIGHT] = toWeight({ shape: [1, config.hiddenSize], values }, true);
  }
  return makePolicy(config, weights);
}

/** The config.json of a reward model made from the model in `folder`, as transformers' AutoModelForSequenceClassification reads it. */
export async function rewardModelConfigFile(folder: string): Promise<string> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { architectures?: string[] };
  const architectures = (config.architectures ?? ['LlamaForCausalLM']).map((name) =>
    name.replace(/For[A-Z]\w*$/, 'ForSequenceClassification'),
  );
  const head = { num_labels: 1, id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } };
  return `${JSON.stringify({ ...config, architectures, ...head }, null, 2)}\n`;
}
