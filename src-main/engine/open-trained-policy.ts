/** Opens what a run trains: all weights of its model, a low-rank adapter over them, or a reward model. */
import * as tf from '@tensorflow/tfjs-core';
import { readAdapterDescription, type LoraSettings } from '../checkpoint/adapter-description.ts';
import type { DecoderConfig } from '../checkpoint/decoder-config.ts';
import { expressionFault, isTarget } from '../checkpoint/lora-targets.ts';
import type { RunConfig } from '../contract/config.ts';
import { StudioError } from '../contract/errors.ts';
import { readAdapter } from './model/adapter-files.ts';
import { linearLayerNames, linearLayers } from '../checkpoint/adapter-shapes.ts';
import {
  addAdapter,
  initializePolicy,
  loadPolicy,
  withoutAdapter,
  type Policy,
  type TrainablePolicy,
} from './model/policy.ts';
import { openRewardModel } from './reward-model/reward-model.ts';

/**
 * @param resumeFrom folder of the checkpoint to continue, or null to start from the run's model
 * @throws StudioError when the model cannot be used, or not with the run's LoRA settings
 */
export async function openTrainedPolicy(run: RunConfig, resumeFrom: string | null): Promise<TrainablePolicy> {
  const { model, seed, lora_r: rank, load_in_8bit: int8 } = run.config;
  const startsFromAdapter = (await readAdapterDescription(model)) !== null;
  checkAdapterSettings(run, startsFromAdapter);
  const folder = resumeFrom ?? model;
  const loraOf = (config: DecoderConfig): LoraSettings => loraSettings(run.config, config);
  if (run.type === 'reward_model') return openRewardModel(folder, { seed, loraOf: rank > 0 ? loraOf : null, int8 });
  if (resumeFrom !== null || startsFromAdapter) return loadPolicy(folder, { trainable: true, int8 });
  if (run.type === 'sft' && run.config.init_from_config) return initializePolicy(model, seed);
  if (rank === 0) return loadPolicy(model, { trainable: true });
  const policy = await loadPolicy(model, { trainable: false, int8 });
  try {
    return addAdapter(policy, loraOf(policy.config), seed);
  } catch (error) {
    policy.dispose();
    throw error;
  }
}

/**
 * The reference of a run that trains an adapter: the same weights as the run started with them, that is with the adapter off, or
 * with the adapter that the run trains further.
 */
export async function adaptedReference(policy: Policy, model: string): Promise<Policy> {
  const description = await readAdapterDescription(model);
  if (description === null) return withoutAdapter(policy);
  const { adapter } = await readAdapter(description, policy.config, false);
  return { ...policy, adapter, dispose: () => void tf.dispose(adapter.weights) };
}

/** Refuses settings that do not go with each other, or not with a model that is an adapter. */
function checkAdapterSettings({ type, config }: RunConfig, startsFromAdapter: boolean): void {
  const refuse = (field: string, message: string): never => {
    throw new StudioError('config_invalid', message, { field });
  };
  const { model, lora_r: rank } = config;
  if (startsFromAdapter && rank > 0) {
    const own = `${model} is a LoRA adapter, which is trained further with the rank, layers and dropout of its own`;
    refuse('lora_r', `${own}; leave lora_r at 0, or merge the adapter into its base for a new one`);
  }
  if (type === 'sft' && config.init_from_config && (rank > 0 || startsFromAdapter)) {
    refuse('lora_r', 'an adapter needs a trained model to stand on; set lora_r to 0 or init_from_config to false');
  }
  if (config.load_in_8bit && rank === 0 && !startsFromAdapter) {
    refuse('load_in_8bit', 'only frozen weights can be held in 8 bits; set lora_r to train an adapter over them');
  }
  if (type === 'grpo' && config.sync_ref_model && startsFromAdapter) {
    refuse('sync_ref_model', 'the reference of an adapter stays where the run started; turn off sync_ref_model');
  }
}

function loraSettings(config: RunConfig['config'], model: DecoderConfig): LoraSettings {
  return {
    rank: config.lora_r,
    alpha: config.lora_alpha,
    targetModules: loraTargets(config.lora_target_modules, model),
    rsLora: config.use_rslora,
    dropout: config.lora_dropout,
    rankPattern: {},
    alphaPattern: {},
  };
}

/** As in TRL, a list of one may stand for one text: `all-linear`, or a regular expression, which is no plain name. */
function loraTargets(listed: readonly string[], model: DecoderConfig): readonly string[] | string {
  const field = 'lora_target_modules';
  const names = linearLayerNames(model);
  if (listed.length === 0 || (listed.length === 1 && listed[0] === 'all-linear')) return names;
  const layers = [...linearLayers(model).keys()];
  if (listed.length === 1 && !/^[\w.]+$/.test(listed[0])) {
    const fault = expressionFault(listed[0]);
    if (fault === null && layers.some((layer) => isTarget(layer, listed[0]))) return listed[0];
    const message = `${listed[0]} ${fault === null ? 'matches no linear layer' : `is no regular expression (${fault})`}`;
    throw new StudioError('config_invalid', `${message}; the paths are those of ${layers[0]}`, { field });
  }
  const unknown = listed.find((target) => !layers.some((layer) => isTarget(layer, [target])));
  if (unknown === undefined) return listed;
  const message = `the model has no linear layer ${unknown} for an adapter; it has ${names.join(', ')}`;
  throw new StudioError('config_invalid', message, { field });
}
