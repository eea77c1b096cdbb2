/** Reads config.json of a Hugging Face checkpoint into what the decoder needs; refuses what the decoder would compute wrongly. */
import { z } from 'zod';
import { wording } from './checkpoint-files.ts';
import { StudioError } from '../contract/errors.ts';
import type { ModelShape } from '../contract/models.ts';
import { ropeSchema, sharedKeys, unknownKey, unknownRopeKey, type ConfigFile } from './config-keys.ts';
import type { DecoderTraits, Family, ReadingContext } from './families/family.ts';
import { families } from './families/index.ts';
import { contextLength, readRope, type RopeParameters } from './rope-parameters.ts';

export interface DecoderConfig extends ModelShape, Omit<DecoderTraits, 'windows' | 'ropes' | 'activation'> {
  /** The family's `model_type`. */
  family: string;
  /** The longest sequence. */
  maxPositions: number;
  normEpsilon: number;
  initializerRange: number;
  /** A reward model: `score.weight` in the place of the LM head. */
  scoreHead: boolean;
  /** The token that pads batches; a reward model never scores at it, and as an input it leaves its embedding untrained. */
  padTokenId: number | null;
  /** Activation of the feed-forward layer's gate. */
  activation: 'silu' | 'gelu_pytorch_tanh';
  /** The model's rotary embeddings, each once. */
  ropes: readonly RopeParameters[];
  layerPlans: readonly LayerPlan[];
}

/** How a layer attends. */
export interface LayerPlan {
  /** How many positions a token sees, its own the last of them; null: all. */
  window: number | null;
  /** Index into `ropes`; null where positions are not encoded. */
  rope: number | null;
}

/**
 * @param json the parsed config.json
 * @param path of that file, for errors
 * @throws StudioError `model_invalid` for a field that is missing or malformed, `model_unsupported` for one the decoder does not implement
 */
export function parseDecoderConfig(json: unknown, path: string): DecoderConfig {
  const refuse = (field: string, message: string): never => {
    throw new StudioError('model_unsupported', `${path}: ${message}`, { path, field });
  };
  const invalid = (field: string, message: string): never => {
    throw new StudioError('model_invalid', `${path}: ${message}`, { path, field });
  };
  const family = familyOf(checked(z.looseObject({ model_type: z.string() }), json, invalid).model_type, refuse);
  const keys = { ...sharedKeys, ...family.keys };
  const file = checked(z.looseObject(keys), { ...family.defaults, ...(json as object) }, invalid);
  const unknown = unknownKey(file, keys);
  if (unknown !== null) refuse(unknown.key, unknown.message);
  const scoreHead = isRewardModel(file, family, refuse);
  const heads = file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? heads;
  if (heads % keyValueHeads !== 0) {
    invalid(
      'num_key_value_heads',
      `num_attention_heads (${heads}) must be a multiple of num_key_value_heads (${keyValueHeads})`,
    );
  }
  const headDim = file.head_dim ?? file.hidden_size / heads;
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    invalid('head_dim', `the size of a head must be an even whole number, but it is ${headDim}`);
  }
  const context = readingContext(file, { headDim, refuse, invalid });
  const { windows, ropes, activation, ...traits } = decoderTraits(file, family, context);
  const distinct = [...new Set(ropes)].filter((rope) => rope !== null);
  return {
    family: family.modelType,
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    layers: file.num_hidden_layers,
    heads,
    keyValueHeads,
    headDim,
    maxPositions: contextLength(file.max_position_embeddings, distinct),
    normEpsilon: file.rms_norm_eps,
    initializerRange: file.initializer_range,
    tiedHead: file.tie_word_embeddings,
    scoreHead,
    padTokenId: file.pad_token_id ?? null,
    activation:
      activation === 'silu' || activation === 'gelu_pytorch_tanh'
        ? activation
        : refuse('hidden_act', `activation "${activation}" is not supported; "silu" and "gelu_pytorch_tanh" are`),
    ...traits,
    ropes: distinct,
    layerPlans: windows.map((window, layer) => {
      const rope = ropes[layer];
      return { window, rope: rope === null ? null : distinct.indexOf(rope) };
    }),
  };
}

function checked<T>(schema: z.ZodType<T>, json: unknown, invalid: ReadingContext['invalid']): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue.path.join('.');
  return invalid(field, `field ${field} of the model's config: ${wording(issue.message)}`);
}

function familyOf(modelType: string, refuse: ReadingContext['refuse']): Family {
  const known = families.map((family) => `"${family.modelType}"`).join(', ');
  return (
    families.find((family) => family.modelType === modelType) ??
    refuse('model_type', `model_type "${modelType}" is not supported; there are ${known}`)
  );
}

/** The class that config.json names decides what the head is. */
function isRewardModel(file: ConfigFile, family: Family, refuse: ReadingContext['refuse']): boolean {
  const architecture = file.architectures?.[0] ?? family.languageModel;
  if (architecture === family.languageModel) return false;
  if (architecture !== family.rewardModel) {
    const known = `${family.languageModel} and ${family.rewardModel} are`;
    return refuse('architectures', `the architecture ${architecture} is not supported; of this model_type ${known}`);
  }
  // transformers writes id2label for every number of labels but 2, its default.
  const labels = file.num_labels ?? (file.id2label ? Object.keys(file.id2label).length : 2);
  if (labels !== 1) refuse('num_labels', `a classifier with ${labels} labels is not supported; a reward model has one`);
  return true;
}

/** Llama's traits, with the family's differences in their place. */
function decoderTraits(file: ConfigFile, family: Family, context: ReadingContext): DecoderTraits {
  const differences = family.differences(file, context);
  const everyLayer = <T>(value: T): T[] => Array.from({ length: file.num_hidden_layers }, () => value);
  return {
    queryKeyValueBias: file.attention_bias,
    outputBias: file.attention_bias,
    mlpBias: file.mlp_bias,
    fusedProjections: false,
    headNorms: false,
    sandwichNorms: false,
    normOffset: 0,
    activation: file.hidden_act,
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(context.headDim),
    windows: everyLayer(null),
    ...differences,
    ropes: differences.ropes ?? everyLayer(context.rope()),
  };
}

function readingContext(
  file: ConfigFile,
  { headDim, refuse, invalid }: Pick<ReadingContext, 'headDim' | 'refuse' | 'invalid'>,
): ReadingContext {
  const field = file.rope_scaling ? 'rope_scaling' : 'rope_parameters';
  return {
    headDim,
    refuse,
    invalid,
    rope(options) {
      const { entry, theta, originalPositions, partialFactor, ...rest } = {
        entry: file[field] ?? {},
        field,
        theta: file.rope_theta ?? 10_000,
        originalPositions: file.original_max_position_embeddings ?? null,
        partialFactor: 1,
        ...options,
      };
      const within = (where: string, message: string) => invalid(`${rest.field}.${where}`, message);
      const described = checked(ropeSchema, entry, within);
      const unknown = unknownRopeKey(described);
      if (unknown !== null) refuse(rest.field, `${rest.field} has a key ${unknown}, which is not understood`);
      const share = described.partial_rotary_factor ?? file.partial_rotary_factor ?? 1;
      if (share !== partialFactor) {
        refuse('partial_rotary_factor', `rotating a part of each head is not supported for "${file.model_type}"`);
      }
      return readRope(described, {
        theta,
        headDim,
        partialFactor,
        maxPositions: file.max_position_embeddings,
        originalPositions,
        refuse: (message) => refuse(rest.field, message),
        invalid: (message) => invalid(rest.field, message),
      });
    },
  };
}

/** Every weight of the decoder under its Hugging Face name, with its shape. */
export function weightShapes(config: DecoderConfig): Map<string, number[]> {
  const { hiddenSize, intermediateSize, headDim } = config;
  const queryWidth = config.heads * headDim;
  const keyValueWidth = config.keyValueHeads * headDim;
  const shapes = new Map<string, number[]>();
  const norm = (name: string, width: number) => shapes.set(`${name}.weight`, [width]);
  const linear = (name: string, out: number, input: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [out, input]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  shapes.set('model.embed_tokens.weight', [config.vocabSize, hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const attention = `model.layers.${layer}.self_attn`;
    const mlp = `model.layers.${layer}.mlp`;
    norm(`model.layers.${layer}.input_layernorm`, hiddenSize);
    if (config.fusedProjections) {
      linear(`${attention}.qkv_proj`, queryWidth + 2 * keyValueWidth, hiddenSize, config.queryKeyValueBias);
    } else {
      linear(`${attention}.q_proj`, queryWidth, hiddenSize, config.queryKeyValueBias);
      linear(`${attention}.k_proj`, keyValueWidth, hiddenSize, config.queryKeyValueBias);
      linear(`${attention}.v_proj`, keyValueWidth, hiddenSize, config.queryKeyValueBias);
    }
    if (config.headNorms) for (const part of ['q', 'k']) norm(`${attention}.${part}_norm`, headDim);
    linear(`${attention}.o_proj`, hiddenSize, queryWidth, config.outputBias);
    norm(`model.layers.${layer}.post_attention_layernorm`, hiddenSize);
    if (config.sandwichNorms) {
      for (const place of ['pre', 'post']) norm(`model.layers.${layer}.${place}_feedforward_layernorm`, hiddenSize);
    }
    if (config.fusedProjections) {
      linear(`${mlp}.gate_up_proj`, 2 * intermediateSize, hiddenSize, config.mlpBias);
    } else {
      linear(`${mlp}.gate_proj`, intermediateSize, hiddenSize, config.mlpBias);
      linear(`${mlp}.up_proj`, intermediateSize, hiddenSize, config.mlpBias);
    }
    linear(`${mlp}.down_proj`, hiddenSize, intermediateSize, config.mlpBias);
  }
  norm('model.norm', hiddenSize);
  if (config.scoreHead) shapes.set('score.weight', [1, hiddenSize]);
  else if (!config.tiedHead) shapes.set('lm_head.weight', [config.vocabSize, hiddenSize]);
  return shapes;
}
