/** How each decoder family is called and laid out in GGUF: what llama.cpp computes for it, and what of a config it cannot compute. */
import { StudioError } from '../../contract/errors.ts';
import type { Metadata } from './gguf-file.ts';
import { modelConfigSchema, type ModelConfig, type Refuse, type Shape } from './model-config.ts';
import { ropeOf } from './rope.ts';

export interface Architecture {
  /** `general.architecture`. */
  name: string;
  /** Query and key rows in pairs of neighbours, as llama.cpp rotates them, instead of in two halves. */
  interleaved: boolean;
  /** Norms store w and scale by 1 + w; in GGUF they store the whole factor. */
  normsPlusOne: boolean;
  shape: Shape;
  vocabSize: number;
  metadata: Metadata;
  /** Factors that rotary frequencies are divided by, as tensors of their own. */
  extraTensors: Readonly<Record<string, Float32Array>>;
  /** What the exported file computes otherwise than the model, or up to where it computes the same. */
  notes: readonly string[];
}

/**
 * @param json config.json
 * @throws StudioError `model_unsupported` for a family, or a field of its config, that llama.cpp does not compute
 */
export function architectureOf(json: Readonly<Record<string, unknown>>, path: string): Architecture {
  const parsed = modelConfigSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    const field = at.map(String).join('.');
    const text = `${path}: field ${field} of the model's config: ${message}`;
    throw new StudioError('model_invalid', text, { path, field });
  }
  const config = parsed.data;
  const refuse: Refuse = (field, message) => {
    throw new StudioError('model_unsupported', `${path}: ${message}`, { path, field });
  };
  if (config.architectures?.[0]?.endsWith('ForSequenceClassification') === true)
    refuse(
      'architectures',
      'a reward model has no language-model head, so there is no GGUF of it; export it as huggingface',
    );
  const family = families[config.model_type];
  if (family === undefined) {
    const known = Object.keys(families).join(', ');
    return refuse('model_type', `model_type "${config.model_type}" cannot be exported as GGUF; these can: ${known}`);
  }
  const activation = config.hidden_activation ?? config.hidden_act ?? family.activation;
  if (activation !== family.activation)
    refuse('hidden_act', `activation "${activation}" is not what llama.cpp computes for ${config.model_type}`);

  const heads = config.num_attention_heads;
  const headDim = config.head_dim ?? family.headDim ?? config.hidden_size / heads;
  const shape: Shape = { heads, keyValueHeads: config.num_key_value_heads ?? heads, headDim };
  const notes: string[] = [];
  const rope = ropeOf(config, shape, family.architecture, refuse);
  notes.push(...rope.notes);
  let context = Math.min(config.max_position_embeddings, rope.contextLimit);
  const own = family.own?.(config, shape, refuse) ?? {};
  const window = family.computesWindows ? null : windowOf(config);
  if (window !== null && window < context) {
    context = window;
    notes.push(
      `The model attends to the last ${window} tokens in some layers; llama.cpp to all in this family. Up to ${window} tokens both are the same, so that is the context length in the file.`,
    );
  }
  const name = family.architecture;
  return {
    name,
    interleaved: family.interleaved,
    normsPlusOne: family.normsPlusOne ?? false,
    shape,
    vocabSize: config.vocab_size,
    metadata: {
      [`${name}.vocab_size`]: { u32: config.vocab_size },
      [`${name}.context_length`]: { u32: context },
      [`${name}.embedding_length`]: { u32: config.hidden_size },
      [`${name}.block_count`]: { u32: config.num_hidden_layers },
      [`${name}.feed_forward_length`]: { u32: config.intermediate_size },
      [`${name}.attention.head_count`]: { u32: heads },
      [`${name}.attention.head_count_kv`]: { u32: shape.keyValueHeads },
      [`${name}.attention.key_length`]: { u32: headDim },
      [`${name}.attention.value_length`]: { u32: headDim },
      [`${name}.attention.layer_norm_rms_epsilon`]: { f32: config.rms_norm_eps },
      ...rope.metadata,
      ...own,
    },
    extraTensors: rope.tensors,
    notes,
  };
}

interface Family {
  architecture: string;
  interleaved: boolean;
  normsPlusOne?: boolean;
  activation: string;
  /** Head size of a config that does not say it. */
  headDim?: number;
  /** Whether llama.cpp computes sliding windows for the family. */
  computesWindows?: boolean;
  /** Further metadata; refuses what is not computed. */
  own?: (config: ModelConfig, shape: Shape, refuse: Refuse) => Metadata;
}

const families: Readonly<Record<string, Family>> = {
  llama: { architecture: 'llama', interleaved: true, activation: 'silu' },
  mistral: { architecture: 'llama', interleaved: true, activation: 'silu' },
  qwen2: { architecture: 'qwen2', interleaved: false, activation: 'silu' },
  qwen3: { architecture: 'qwen3', interleaved: false, activation: 'silu', headDim: 128 },
  phi3: { architecture: 'phi3', interleaved: false, activation: 'silu' },
  smollm3: { architecture: 'smollm3', interleaved: true, activation: 'silu', own: checkSmolLm3 },
  gemma3_text: {
    architecture: 'gemma3',
    interleaved: false,
    normsPlusOne: true,
    activation: 'gelu_pytorch_tanh',
    headDim: 256,
    computesWindows: true,
    own: gemma3,
  },
};

/** The window of layers that attend to the last tokens only, if any. */
function windowOf(config: ModelConfig): number | null {
  const { sliding_window: window, use_sliding_window: used, layer_types: types, model_type: family } = config;
  if (window === null || window === undefined) return null;
  if (types !== null && types !== undefined) return types.includes('sliding_attention') ? window : null;
  // Qwen's and SmolLM3's configs name a window that is off unless a second field says so.
  return ['mistral', 'phi3'].includes(family) || used === true ? window : null;
}

/** llama.cpp leaves every fourth layer without rotation; a config may say another rule. */
function checkSmolLm3(config: ModelConfig, _shape: Shape, refuse: Refuse): Metadata {
  const rotated = config.no_rope_layers ?? [];
  const interval = config.no_rope_layer_interval ?? 4;
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) =>
    rotated.length > 0 ? rotated[layer] === 1 : (layer + 1) % interval !== 0,
  );
  if (layers.some((isRotated, layer) => isRotated !== ((layer + 1) % 4 !== 0)))
    refuse(
      'no_rope_layers',
      'llama.cpp leaves exactly every fourth layer without rotary embedding; this model differs',
    );
  return {};
}

/** Local layers with a window and a rotary base of their own, every n-th layer global. */
function gemma3(config: ModelConfig, { headDim }: Shape, refuse: Refuse): Metadata {
  for (const field of ['attn_logit_softcapping', 'final_logit_softcapping'] as const)
    if ((config[field] ?? null) !== null) refuse(field, `${field} is not what llama.cpp computes for Gemma 3`);
  if (config.use_bidirectional_attention === true)
    refuse('use_bidirectional_attention', 'bidirectional attention is not what llama.cpp computes for Gemma 3');
  // llama.cpp scales by the head size, but in the model of 62 layers by the width of a head's share.
  const scalar = config.num_hidden_layers === 62 ? config.hidden_size / config.num_attention_heads : headDim;
  if ((config.query_pre_attn_scalar ?? 256) !== scalar)
    refuse(
      'query_pre_attn_scalar',
      `llama.cpp scales this model's attention by 1/√${scalar}, not by 1/√${config.query_pre_attn_scalar ?? 256}`,
    );
  const declared = config.sliding_window_pattern ?? config._sliding_window_pattern ?? 6;
  const global = Array.from({ length: config.num_hidden_layers }, (_, layer) =>
    config.layer_types ? config.layer_types[layer] === 'full_attention' : (layer + 1) % declared === 0,
  );
  const period = global.includes(true) ? global.indexOf(true) + 1 : config.num_hidden_layers + 1;
  if (global.some((isGlobal, layer) => isGlobal !== ((layer + 1) % period === 0)))
    refuse(
      'layer_types',
      'llama.cpp knows Gemma 3 with every n-th layer global; this model mixes its layers otherwise',
    );
  return {
    'gemma3.attention.sliding_window': { u32: config.sliding_window ?? 4096 },
    'gemma3.attention.sliding_window_pattern': { u32: period },
  };
}
