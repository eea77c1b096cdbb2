/** Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115): biases for queries, keys and values; later layers may have a sliding window. */
import { z } from 'zod';
import type { ConfigFile } from '../config-keys.ts';
import { family, type ReadingContext } from './family.ts';
import { layerTypeKeys, slidingLayers, windowsOf } from './layer-types.ts';

export const qwenKeys = {
  ...layerTypeKeys,
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().nonnegative().default(28),
};

export const qwen2 = family({
  modelType: 'qwen2',
  languageModel: 'Qwen2ForCausalLM',
  rewardModel: 'Qwen2ForSequenceClassification',
  defaults: { num_key_value_heads: 32, sliding_window: 4096 },
  keys: qwenKeys,
  differences: (file, context) => ({
    queryKeyValueBias: true,
    outputBias: false,
    mlpBias: false,
    windows: qwenWindows(file, context),
  }),
});

/** Layers from `max_window_layers` on have the window, if any has. */
export function qwenWindows(
  file: ConfigFile & z.infer<z.ZodObject<typeof qwenKeys>>,
  context: ReadingContext,
): (number | null)[] {
  const window = file.use_sliding_window ? file.sliding_window : null;
  const sliding = slidingLayers(file, context, (layer) => Boolean(window) && layer >= file.max_window_layers);
  return windowsOf(sliding, window, context);
}
