/** Gemma 3, its text decoder (arXiv 2503.19786): norms around every layer, scaled embeddings, GEGLU, and layers with a sliding
 * window and rotary embeddings of their own between those that see everything. */
import { z } from 'zod';
import { family } from './family.ts';
import { layerTypeKeys, slidingLayers, windowsOf } from './layer-types.ts';

export const gemma3 = family({
  modelType: 'gemma3_text',
  languageModel: 'Gemma3ForCausalLM',
  rewardModel: 'Gemma3TextForSequenceClassification',
  defaults: { num_key_value_heads: 4, head_dim: 256, tie_word_embeddings: true, sliding_window: 4096 },
  keys: {
    ...layerTypeKeys,
    hidden_activation: z.string().default('gelu_pytorch_tanh'),
    query_pre_attn_scalar: z.number().positive().default(256),
    sliding_window_pattern: z.int().positive().default(6),
    rope_local_base_freq: z.number().positive().default(10_000),
  },
  differences(file, context) {
    const sliding = slidingLayers(file, context, (layer) => (layer + 1) % file.sliding_window_pattern !== 0);
    const { full_attention: full, sliding_attention: local, ...others } = file.rope_parameters ?? {};
    const unknown = Object.keys(others)[0];
    if (unknown !== undefined) {
      context.refuse(
        'rope_parameters',
        `rope_parameters of Gemma 3 has an entry for each layer type, and no ${unknown}`,
      );
    }
    const global = context.rope({
      entry: { ...(full as object | null | undefined), ...file.rope_scaling },
      field: file.rope_scaling ? 'rope_scaling' : 'rope_parameters',
      theta: file.rope_theta ?? 1e6,
    });
    const near = context.rope({ entry: local ?? {}, field: 'rope_parameters', theta: file.rope_local_base_freq });
    return {
      mlpBias: false,
      headNorms: true,
      sandwichNorms: true,
      normOffset: 1,
      activation: file.hidden_activation,
      // transformers rounds this factor to the type of the weights; here they are float32.
      embeddingScale: Math.fround(Math.sqrt(file.hidden_size)),
      attentionScale: 1 / Math.sqrt(file.query_pre_attn_scalar),
      windows: windowsOf(sliding, file.sliding_window, context),
      ropes: sliding.map((slides) => (slides ? near : global)),
    };
  },
});
