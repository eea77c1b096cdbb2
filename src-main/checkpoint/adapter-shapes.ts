/** What an adapter holds over a model: which layers, in which shapes, and what each product is multiplied by. */
import { join } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { ADAPTER_CONFIG_FILE, ALL_LINEAR, type AdapterConfig, type LoraSettings } from './adapter-description.ts';
import { weightShapes, type DecoderConfig } from './decoder-config.ts';
import { isTarget, linearLayerOf, valueFor } from './lora-targets.ts';

/** What PEFT puts before a weight's name in the model. */
export const ADAPTER_PREFIX = 'base_model.model.';

/** The name of a reward model's head [1, H]. */
export const SCORE_WEIGHT = 'score.weight';

/**
 * What the adapter in `folder` must hold over a base model, under PEFT's names, and its settings with `all-linear` resolved.
 *
 * @param config of the base model, with the head that the adapter's task calls for
 * @throws StudioError `model_invalid` when the base model has no layer that the adapter names, `model_unsupported` when the adapter
 *   is for another task
 */
export function adapterOver(
  folder: string,
  { task, settings: { targetModules, ...rest } }: Pick<AdapterConfig, 'task' | 'settings'>,
  config: DecoderConfig,
): { settings: LoraSettings; shapes: Map<string, number[]> } {
  const path = join(folder, ADAPTER_CONFIG_FILE);
  if ((task === 'SEQ_CLS') !== config.scoreHead) {
    const message = config.scoreHead
      ? `${folder} is an adapter of a language model (task_type) and has no score`
      : `${folder} is an adapter of a reward model (task_type SEQ_CLS): it scores completions and cannot write them; name a language model`;
    throw new StudioError('model_unsupported', message, { path, field: 'task_type' });
  }
  const targets = targetModules === ALL_LINEAR ? linearLayerNames(config) : targetModules;
  if (![...linearLayers(config).keys()].some((layer) => isTarget(layer, targets))) {
    const text = `${path}: the base model has no linear layer ${String(targets)}; it has ${linearLayerNames(config).join(', ')}`;
    throw new StudioError('model_invalid', text, { path, field: 'target_modules' });
  }
  const settings: LoraSettings = { ...rest, targetModules: targets };
  const shapes = adapterShapes(config, settings);
  if (config.scoreHead) shapes.set(SCORE_WEIGHT, [1, config.hiddenSize]);
  return { settings, shapes: new Map([...shapes].map(([name, shape]) => [ADAPTER_PREFIX + name, shape])) };
}

/** What the product of a layer's two matrices is multiplied by. */
export function loraScale(settings: LoraSettings, layer: string): number {
  const rank = layerRank(settings, layer);
  const alpha = valueFor(layer, settings.alphaPattern) ?? settings.alpha;
  return alpha / (settings.rsLora ? Math.sqrt(rank) : rank);
}

/** Rank of a layer's two matrices. */
export function layerRank({ rank, rankPattern }: LoraSettings, layer: string): number {
  return valueFor(layer, rankPattern) ?? rank;
}

/** Every tensor of an adapter under its name here, with its shape. */
export function adapterShapes(config: DecoderConfig, settings: LoraSettings): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const [layer, [out, input]] of linearLayers(config)) {
    if (!isTarget(layer, settings.targetModules)) continue;
    const rank = layerRank(settings, layer);
    shapes.set(`${layer}.lora_A.weight`, [rank, input]);
    shapes.set(`${layer}.lora_B.weight`, [out, rank]);
  }
  return shapes;
}

/** Last names of all linear layers of the decoder, each once: what an adapter stands on when nothing else is said. */
export function linearLayerNames(config: DecoderConfig): string[] {
  return [...new Set([...linearLayers(config).keys()].map((layer) => layer.slice(layer.lastIndexOf('.') + 1)))];
}

/** Paths of the linear layers with their shapes [O, I]; embedding and head are none. */
export function linearLayers(config: DecoderConfig): Map<string, number[]> {
  const layers = new Map<string, number[]>();
  for (const [name, shape] of weightShapes(config)) {
    const layer = linearLayerOf(name, shape);
    if (layer !== null) layers.set(layer, shape);
  }
  return layers;
}
