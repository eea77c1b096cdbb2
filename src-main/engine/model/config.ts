/** Reads config.json of a Hugging Face checkpoint into what the decoder needs; refuses what the decoder would compute wrongly. */
import { z } from 'zod';
import { StudioError } from '../../contract/errors.ts';

const ropeSchema = z.looseObject({
  rope_theta: z.number().positive().optional(),
  rope_type: z.string().optional(),
  type: z.string().optional(),
});

const fileSchema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string(),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().positive().default(0.02),
  rope_theta: z.number().positive().optional(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  hidden_act: z.string().default('silu'),
  pad_token_id: z.int().nullish(),
  num_labels: z.int().nullish(),
  id2label: z.record(z.string(), z.unknown()).nullish(),
});

export interface DecoderConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  maxPositions: number;
  normEpsilon: number;
  initializerRange: number;
  ropeTheta: number;
  tiedHead: boolean;
  /** A reward model: `score.weight` in the place of the LM head. */
  scoreHead: boolean;
  /** The token that pads batches; a reward model never scores at it. */
  padTokenId: number | null;
  attentionBias: boolean;
  mlpBias: boolean;
}

/**
 * @param json the parsed config.json
 * @param path of that file, for errors
 * @throws StudioError `model_invalid` for a field that is missing or malformed, `model_unsupported` for one the decoder does not implement
 */
export function parseDecoderConfig(json: unknown, path: string): DecoderConfig {
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue.path.join('.');
    throw new StudioError('model_invalid', `${path}: field ${field} of the model's config: ${issue.message}`, {
      path,
      field,
    });
  }
  const file = parsed.data;
  const refuse = (field: string, message: string): never => {
    throw new StudioError('model_unsupported', `${path}: ${message}`, { path, field });
  };
  if (file.model_type !== 'llama') {
    refuse('model_type', `model_type "${file.model_type}" is not supported; this version runs "llama" checkpoints`);
  }
  if (file.hidden_act !== 'silu')
    refuse('hidden_act', `activation "${file.hidden_act}" is not supported; Llama uses "silu"`);
  for (const field of ['rope_parameters', 'rope_scaling'] as const) {
    const type = file[field]?.rope_type ?? file[field]?.type ?? 'default';
    if (type !== 'default') refuse(field, `RoPE scaling "${type}" is not supported; only plain rotary embeddings are`);
  }
  const scoreHead = file.architectures?.[0]?.endsWith('ForSequenceClassification') ?? false;
  if (scoreHead) {
    // transformers writes id2label for every number of labels but 2, its default.
    const labels = file.num_labels ?? (file.id2label ? Object.keys(file.id2label).length : 2);
    if (labels !== 1)
      refuse('num_labels', `a classifier with ${labels} labels is not supported; a reward model has one`);
  }
  const heads = file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? heads;
  if (heads % keyValueHeads !== 0) {
    throw new StudioError(
      'model_invalid',
      `${path}: num_attention_heads (${heads}) must be a multiple of num_key_value_heads (${keyValueHeads})`,
      { path, field: 'num_key_value_heads' },
    );
  }
  const headDim = file.head_dim ?? file.hidden_size / heads;
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw new StudioError(
      'model_invalid',
      `${path}: the size of a head must be an even whole number, but it is ${headDim}`,
      {
        path,
        field: 'head_dim',
      },
    );
  }
  return {
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    layers: file.num_hidden_layers,
    heads,
    keyValueHeads,
    headDim,
    maxPositions: file.max_position_embeddings,
    normEpsilon: file.rms_norm_eps,
    initializerRange: file.initializer_range,
    ropeTheta: file.rope_parameters?.rope_theta ?? file.rope_theta ?? 10000,
    tiedHead: file.tie_word_embeddings,
    scoreHead,
    padTokenId: file.pad_token_id ?? null,
    attentionBias: file.attention_bias,
    mlpBias: file.mlp_bias,
  };
}

/** Every weight of the decoder under its Hugging Face name, with its shape. */
export function weightShapes(config: DecoderConfig): Map<string, number[]> {
  const { hiddenSize, intermediateSize } = config;
  const queryWidth = config.heads * config.headDim;
  const keyValueWidth = config.keyValueHeads * config.headDim;
  const shapes = new Map<string, number[]>();
  const linear = (name: string, out: number, input: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [out, input]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  shapes.set('model.embed_tokens.weight', [config.vocabSize, hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    shapes.set(`${prefix}.input_layernorm.weight`, [hiddenSize]);
    linear(`${prefix}.self_attn.q_proj`, queryWidth, hiddenSize, config.attentionBias);
    linear(`${prefix}.self_attn.k_proj`, keyValueWidth, hiddenSize, config.attentionBias);
    linear(`${prefix}.self_attn.v_proj`, keyValueWidth, hiddenSize, config.attentionBias);
    linear(`${prefix}.self_attn.o_proj`, hiddenSize, queryWidth, config.attentionBias);
    shapes.set(`${prefix}.post_attention_layernorm.weight`, [hiddenSize]);
    linear(`${prefix}.mlp.gate_proj`, intermediateSize, hiddenSize, config.mlpBias);
    linear(`${prefix}.mlp.up_proj`, intermediateSize, hiddenSize, config.mlpBias);
    linear(`${prefix}.mlp.down_proj`, hiddenSize, intermediateSize, config.mlpBias);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  if (config.scoreHead) shapes.set('score.weight', [1, hiddenSize]);
  else if (!config.tiedHead) shapes.set('lm_head.weight', [config.vocabSize, hiddenSize]);
  return shapes;
}
