/** What the GGUF export reads of a model's config.json. */
import { z } from 'zod';

/** What of config.json the exported file depends on; anything else a family may set is checked by its own rules. */
export const modelConfigSchema = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
  original_max_position_embeddings: z.int().positive().nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  rope_local_base_freq: z.number().positive().nullish(),
  rope_parameters: z.looseObject({}).nullish(),
  rope_scaling: z.looseObject({}).nullish(),
  partial_rotary_factor: z.number().positive().nullish(),
  hidden_act: z.string().nullish(),
  hidden_activation: z.string().nullish(),
  sliding_window: z.int().positive().nullish(),
  use_sliding_window: z.boolean().nullish(),
  sliding_window_pattern: z.int().positive().nullish(),
  _sliding_window_pattern: z.int().positive().nullish(),
  layer_types: z.array(z.string()).nullish(),
  no_rope_layers: z.array(z.int()).nullish(),
  no_rope_layer_interval: z.int().positive().nullish(),
  query_pre_attn_scalar: z.number().positive().nullish(),
  attn_logit_softcapping: z.number().nullish(),
  final_logit_softcapping: z.number().nullish(),
  use_bidirectional_attention: z.boolean().nullish(),
});

export type ModelConfig = z.infer<typeof modelConfigSchema>;

/** Sizes of attention. */
export interface Shape {
  heads: number;
  keyValueHeads: number;
  headDim: number;
}

/** Stops the export: the field at fault, and why. */
export type Refuse = (field: string, message: string) => never;
