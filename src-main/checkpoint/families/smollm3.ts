/** SmolLM3: some layers, every fourth by default, do not encode positions (NoPE, arXiv 2305.19466). */
import { z } from 'zod';
import { family } from './family.ts';
import { layerTypeKeys, slidingLayers, windowsOf } from './layer-types.ts';

export const smollm3 = family({
  modelType: 'smollm3',
  languageModel: 'SmolLM3ForCausalLM',
  rewardModel: 'SmolLM3ForSequenceClassification',
  defaults: { num_key_value_heads: 4, rope_theta: 2e6, tie_word_embeddings: true },
  keys: {
    ...layerTypeKeys,
    use_sliding_window: z.boolean().default(false),
    /** Despite its name: 1 for a layer that encodes positions, 0 for one that does not. */
    no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
    no_rope_layer_interval: z.int().positive().default(4),
  },
  differences(file, context) {
    const { num_hidden_layers: layers, no_rope_layers: listed, no_rope_layer_interval: interval } = file;
    if (listed && listed.length < layers) {
      context.invalid(
        'no_rope_layers',
        `no_rope_layers names ${listed.length} layers, but num_hidden_layers is ${layers}`,
      );
    }
    const encodes = Array.from({ length: layers }, (_, layer) => (listed?.[layer] ?? (layer + 1) % interval) !== 0);
    const window = file.use_sliding_window ? file.sliding_window : null;
    const sliding = slidingLayers(file, context, (layer) => Boolean(window) && !encodes[layer]);
    const rope = context.rope();
    return { ropes: encodes.map((is) => (is ? rope : null)), windows: windowsOf(sliding, window, context) };
  },
});
