/** The keys of config.json that all families share, and the guard against keys that nothing here understands. */
import { z } from 'zod';

/** How rotary embeddings are described, in `rope_scaling` of older files or `rope_parameters` of newer ones. */
export const ropeSchema = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  factor: z.number().positive().nullish(),
  original_max_position_embeddings: z.int().positive().nullish(),
  attention_factor: z.number().positive().nullish(),
  beta_fast: z.number().positive().nullish(),
  beta_slow: z.number().positive().nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  truncate: z.boolean().nullish(),
  short_factor: z.array(z.number().positive()).nullish(),
  long_factor: z.array(z.number().positive()).nullish(),
  low_freq_factor: z.number().positive().nullish(),
  high_freq_factor: z.number().positive().nullish(),
  finetuned: z.boolean().nullish(),
});

export type RopeEntry = z.infer<typeof ropeSchema>;

export const sharedKeys = {
  architectures: z.array(z.string()).nullish(),
  model_type: z.string(),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive().max(10_000), // so that no loop over layers is endless
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().positive().default(0.02),
  rope_theta: z.number().positive().nullish(),
  rope_parameters: z.looseObject({}).nullish(),
  rope_scaling: ropeSchema.nullish(),
  original_max_position_embeddings: z.int().positive().nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  hidden_act: z.string().default('silu'),
  pad_token_id: z.int().nullish(),
  num_labels: z.int().nullish(),
  id2label: z.record(z.string(), z.unknown()).nullish(),
};

/** config.json after its shared keys are checked. */
export type ConfigFile = z.infer<z.ZodObject<typeof sharedKeys>>;

/** Keys that have their say only with these values: any other would change what is computed, or what training computes. */
const onlyAs: Readonly<Record<string, readonly unknown[]>> = {
  is_causal: [true],
  is_decoder: [true, false],
  embd_pdrop: [0],
  resid_pdrop: [0],
  hidden_dropout: [0],
  full_attn_mod: [1],
  interpolate_factor: [1],
};

/** Keys that change nothing: identity, bookkeeping, settings of generation (generation_config.json has those) and of loading. */
const harmless = new Set(
  `attention_dropout auto_map attn_implementation bos_token_id eos_token_id sep_token_id unk_token_id mask_token_id
  decoder_start_token_id cache_implementation chunk_size_feed_forward classifier_dropout diversity_penalty do_sample dtype
  early_stopping finetuning_task forced_bos_token_id forced_eos_token_id is_llama_config label2id length_penalty max_length
  max_new_tokens max_sequence_length max_window_layers min_length min_p model_max_length name_or_path no_repeat_ngram_size
  encoder_no_repeat_ngram_size num_beam_groups num_beams num_return_sequences output_attentions output_hidden_states output_scores
  prefix pretraining_tp problem_type remove_invalid_values repetition_penalty return_dict return_dict_in_generate
  suppress_tokens begin_suppress_tokens bad_words_ids task_specific_params temperature tf_legacy_loss tokenizer_class
  tokenizer_model_max_length tokenizer_padding_side top_k top_p torch_dtype torchscript transformers_version
  transformers.js_config typical_p use_bfloat16 use_cache use_flash_attn exponential_decay_length_penalty`.split(/\s+/),
);

/**
 * The first key of config.json that may change what the model computes and that nothing here understands, with the reason.
 *
 * @param known the keys that are read
 */
export function unknownKey(json: object, known: object): { key: string; message: string } | null {
  for (const [key, value] of Object.entries(json)) {
    if (Object.hasOwn(known, key) || harmless.has(key) || /^(_|unsloth_)/.test(key)) continue;
    if (Object.hasOwn(onlyAs, key)) {
      if (onlyAs[key].includes(value)) continue;
      return { key, message: `${key} ${shown(value)} is not supported; only ${onlyAs[key].join(' or ')} is` };
    }
    if (isOff(value)) continue;
    if (key === 'quantization_config') {
      return { key, message: 'the weights are quantized; name a checkpoint in float32, float16 or bfloat16' };
    }
    return {
      key,
      message: `the key ${key} (${shown(value)}) is unknown here and may change what the model computes; remove it if it does not`,
    };
  }
  return null;
}

/** A value for a sentence. Lists and objects may be of any size and depth. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[…]' : '{…}';
  return JSON.stringify(value).slice(0, 60);
}

function isOff(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === false;
}

/** The same for an entry that describes rotary embeddings. */
export function unknownRopeKey(entry: object): string | null {
  const unknown = Object.entries(entry).find(([key, value]) => !Object.hasOwn(ropeSchema.shape, key) && !isOff(value));
  return unknown?.[0] ?? null;
}
