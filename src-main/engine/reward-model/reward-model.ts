/** Loads reward models: a decoder whose head gives one number, its judgement of the text (LlamaForSequenceClassification). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  readAdapterDescription,
  type AdapterDescription,
  type LoraSettings,
} from '../../checkpoint/adapter-description.ts';
import { StudioError } from '../../contract/errors.ts';
import { RandomStream } from '../../grpo/random.ts';
import { SCORE_WEIGHT } from '../../checkpoint/adapter-shapes.ts';
import { readAdapter } from '../model/adapter-files.ts';
import { weightShapes, type DecoderConfig } from '../../checkpoint/decoder-config.ts';
import { rewardModelArchitecture } from '../../checkpoint/families/index.ts';
import { initializeAdapter } from '../model/lora.ts';
import {
  makePolicy,
  readDecoderConfig,
  readWeights,
  toWeight,
  withAdapter,
  type LoadOptions,
  type Policy,
  type TrainablePolicy,
} from '../model/policy.ts';

/** A decoder with a score head among its weights and no LM head. */
export type RewardModel = Policy;

/** A reward model whose weights an optimizer may change. */
export type TrainableRewardModel = TrainablePolicy;

/**
 * Loads a trained reward model, to score with: a whole one, or a PEFT adapter of one with its base.
 *
 * @throws StudioError `model_invalid` or `model_unsupported`, also when the folder holds a language model, which has no score
 */
export async function loadRewardModel(folder: string): Promise<RewardModel> {
  const description = await readAdapterDescription(folder);
  if (description !== null) return loadAdapted(description, { trainable: false });
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

export interface RewardModelStart {
  /** Draws a new head, as transformers does: normal(0, initializer_range). */
  seed: number;
  /** The adapter to train together with the head; null trains all weights. */
  loraOf: ((config: DecoderConfig) => LoraSettings) | null;
  /** Holds frozen weights of linear layers as 8-bit integers. */
  int8: boolean;
}

/**
 * Loads a reward model to train: an existing one, an adapter of one, or a language model with a new head in the place of its own.
 */
export async function openRewardModel(
  folder: string,
  { seed, loraOf, int8 }: RewardModelStart,
): Promise<TrainableRewardModel> {
  const description = await readAdapterDescription(folder);
  if (description !== null) return loadAdapted(description, { trainable: true, int8 });
  const found = await readDecoderConfig(folder);
  const config = { ...found, scoreHead: true };
  const settings = loraOf === null ? null : loraOf(config);
  const weights = await readWeights(folder, shapesWithout(found), { trainable: settings === null, int8 });
  if (!found.scoreHead) weights[SCORE_WEIGHT] = newHead(config, seed);
  else if (settings !== null) weights[SCORE_WEIGHT] = trainableCopy(weights[SCORE_WEIGHT]);
  const base = makePolicy(config, weights);
  if (settings === null) return base;
  return withAdapter(base, initializeAdapter(config, settings, seed), { [SCORE_WEIGHT]: weights[SCORE_WEIGHT] });
}

/** The base model of an adapter under it, with the head that the adapter brings. */
async function loadAdapted(description: AdapterDescription, options: LoadOptions): Promise<TrainableRewardModel> {
  const { baseFolder } = description;
  const found = await readDecoderConfig(baseFolder);
  const config = { ...found, scoreHead: true };
  const { adapter, score } = await readAdapter(description, config, options.trainable);
  const head = { [SCORE_WEIGHT]: score as tf.Tensor };
  try {
    const weights = await readWeights(baseFolder, shapesWithout(found), { ...options, trainable: false });
    tf.dispose(weights[SCORE_WEIGHT]); // of a base that is a reward model itself
    return withAdapter(makePolicy(config, { ...weights, ...head }), adapter, head);
  } catch (error) {
    tf.dispose([adapter.weights, head]);
    throw error;
  }
}

/** What is read from a base: a language model's head is not used, and it has no other. */
function shapesWithout(found: DecoderConfig): Map<string, number[]> {
  const shapes = weightShapes({ ...found, scoreHead: true });
  if (!found.scoreHead) shapes.delete(SCORE_WEIGHT);
  return shapes;
}

function newHead({ hiddenSize, initializerRange }: DecoderConfig, seed: number): tf.Tensor {
  const stream = RandomStream.of(seed, 'initialize', SCORE_WEIGHT);
  const values = Float32Array.from({ length: hiddenSize }, () => initializerRange * stream.nextNormal());
  return toWeight({ shape: [1, hiddenSize], values }, true);
}

function trainableCopy(frozen: tf.Tensor): tf.Tensor {
  const variable = tf.variable(frozen);
  frozen.dispose();
  return variable;
}

/** The config.json of a reward model made from the model in `folder`, as transformers' AutoModelForSequenceClassification reads it. */
export async function rewardModelConfigFile(folder: string): Promise<string> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { model_type: string };
  const architectures = [rewardModelArchitecture(config.model_type)];
  const head = { num_labels: 1, id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } };
  return `${JSON.stringify({ ...config, architectures, ...head }, null, 2)}\n`;
}
