/** Opens what a run trains: all weights of its model, a low-rank adapter over them, or a reward model. */
import type { GrpoConfig, RunConfig, SftConfig } from '../contract/config.ts';
import { StudioError } from '../contract/errors.ts';
import type { DecoderConfig } from './model/config.ts';
import { linearLayerNames, unknownTarget, type LoraSettings } from './model/lora.ts';
import { addAdapter, initializePolicy, loadPolicy, type TrainablePolicy } from './model/policy.ts';
import { openRewardModel } from './reward-model/reward-model.ts';

/**
 * @param resumeFrom folder of the checkpoint to continue, or null to start from the run's model
 * @throws StudioError when the model cannot be used, or not with the run's LoRA settings
 */
export async function openTrainedPolicy(run: RunConfig, resumeFrom: string | null): Promise<TrainablePolicy> {
  if (run.type === 'reward_model') return openRewardModel(resumeFrom ?? run.config.model, run.config.seed);
  if (resumeFrom !== null) return loadPolicy(resumeFrom, { trainable: true });
  const { model, seed, lora_r: rank } = run.config;
  if (run.type === 'sft' && run.config.init_from_config) {
    if (rank === 0) return initializePolicy(model, seed);
    const message = 'an adapter needs a trained model to stand on; set lora_r to 0 or init_from_config to false';
    throw new StudioError('config_invalid', message, { field: 'lora_r' });
  }
  const policy = await loadPolicy(model, { trainable: rank === 0 });
  try {
    if (policy.adapter !== null) {
      const message = `${model} is a LoRA adapter; a run starts from a whole model: merge the adapter into its base first`;
      throw new StudioError('model_unsupported', message, { path: model, field: 'model' });
    }
    return rank === 0 ? (policy as TrainablePolicy) : addAdapter(policy, loraSettings(run.config, policy.config), seed);
  } catch (error) {
    policy.dispose();
    throw error;
  }
}

function loraSettings(config: GrpoConfig | SftConfig, model: DecoderConfig): LoraSettings {
  const unknown = unknownTarget(model, config.lora_target_modules);
  if (unknown !== undefined) {
    const message = `the model has no linear layer ${unknown} for an adapter; it has ${linearLayerNames(model).join(', ')}`;
    throw new StudioError('config_invalid', message, { field: 'lora_target_modules' });
  }
  return {
    rank: config.lora_r,
    alpha: config.lora_alpha,
    targetModules: config.lora_target_modules.length > 0 ? config.lora_target_modules : linearLayerNames(model),
    rsLora: config.use_rslora,
  };
}
