/** Rotary embeddings in GGUF's terms: base, scaling, and the factors that single frequencies are divided by. */
import { ropeSchema, type RopeEntry } from '../../checkpoint/config-keys.ts';
import type { Metadata } from './gguf-file.ts';
import type { ModelConfig, Refuse, Shape } from './model-config.ts';

export interface GgufRope {
  metadata: Metadata;
  tensors: Readonly<Record<string, Float32Array>>;
  /** Tokens up to which llama.cpp computes what the model does. */
  contextLimit: number;
  notes: readonly string[];
}

/**
 * @param name the architecture, which its keys start with
 * @param refuse throws; called for a kind of scaling that llama.cpp does not compute in this family
 */
export function ropeOf(config: ModelConfig, { headDim }: Shape, name: string, refuse: Refuse): GgufRope {
  const { full, local, field } = scalingsOf(config, refuse);
  const share = full.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  const dimensions = Math.floor(headDim * share);
  if (dimensions !== headDim && name !== 'phi3')
    refuse('partial_rotary_factor', 'rotary embedding of a part of each head is exported for Phi-3 only');
  const theta = full.rope_theta ?? config.rope_theta ?? (name === 'gemma3' ? 1e6 : 1e4);
  const metadata: Record<string, Metadata[string]> = {
    [`${name}.rope.dimension_count`]: { u32: dimensions },
    [`${name}.rope.freq_base`]: { f32: theta },
  };
  if (name === 'gemma3') {
    if (kindOf(local) !== 'default')
      refuse(field, 'scaled rotary embeddings in local layers are not what llama.cpp computes');
    metadata['gemma3.rope.freq_base_swa'] = { f32: local.rope_theta ?? config.rope_local_base_freq ?? 1e4 };
  }
  const plain: GgufRope = { metadata, tensors: {}, contextLimit: Infinity, notes: [] };
  const kind = kindOf(full);
  const required = (value: number | null | undefined, key: string): number =>
    value ?? refuse(`${field}.${key}`, `RoPE scaling "${kind}" needs ${key}`);
  const key = (last: string) => `${name}.rope.scaling.${last}`;

  switch (kind) {
    case 'default':
      return plain;
    case 'linear':
      metadata[key('type')] = { string: 'linear' };
      metadata[key('factor')] = { f32: required(full.factor, 'factor') };
      return plain;
    case 'dynamic':
      return {
        ...plain,
        contextLimit: config.max_position_embeddings,
        notes: [
          `llama.cpp does not stretch rotary embeddings dynamically; up to ${config.max_position_embeddings} tokens the model does not either.`,
        ],
      };
    case 'yarn': {
      const factor = required(full.factor, 'factor');
      checkYarn(full, factor, field, refuse);
      metadata[key('type')] = { string: 'yarn' };
      metadata[key('factor')] = { f32: factor };
      metadata[key('original_context_length')] = { u32: originalContext(config, full) };
      metadata[key('yarn_beta_fast')] = { f32: full.beta_fast ?? 32 };
      metadata[key('yarn_beta_slow')] = { f32: full.beta_slow ?? 1 };
      return plain;
    }
    case 'llama3': {
      if (name !== 'llama')
        refuse(field, `RoPE scaling "llama3" is not what llama.cpp computes for ${config.model_type}`);
      const low = required(full.low_freq_factor, 'low_freq_factor');
      const high = required(full.high_freq_factor, 'high_freq_factor');
      const context = originalContext(config, full);
      const factors = llama3Factors({ theta, dimensions, factor: required(full.factor, 'factor'), low, high, context });
      return { ...plain, tensors: { 'rope_freqs.weight': factors } };
    }
    case 'longrope':
      if (name !== 'phi3')
        refuse(field, `RoPE scaling "longrope" is not what llama.cpp computes for ${config.model_type}`);
      return longRope(config, full, dimensions, plain, refuse);
    default:
      return refuse(field, `RoPE scaling "${kind}" is not supported`);
  }
}

/** transformers 5 has one record, or one per kind of layer; transformers 4 has rope_theta and rope_scaling. */
function scalingsOf(config: ModelConfig, refuse: Refuse): { full: RopeEntry; local: RopeEntry; field: string } {
  const field = config.rope_parameters ? 'rope_parameters' : 'rope_scaling';
  const raw = config[field] ?? {};
  const perLayer = 'full_attention' in raw || 'sliding_attention' in raw;
  const parse = (value: unknown): RopeEntry => {
    const parsed = ropeSchema.safeParse(value);
    return parsed.success ? parsed.data : refuse(field, `${field} is malformed: ${parsed.error.issues[0].message}`);
  };
  if (!perLayer) return { full: parse(raw), local: {}, field };
  return { full: parse(raw['full_attention'] ?? {}), local: parse(raw['sliding_attention'] ?? {}), field };
}

function kindOf({ rope_type: name, type }: RopeEntry): string {
  const kind = name ?? type ?? 'default';
  return kind === 'su' ? 'longrope' : kind; // its name in the first Phi-3 configs
}

function originalContext(config: ModelConfig, scaling: RopeEntry): number {
  return (
    scaling.original_max_position_embeddings ??
    config.original_max_position_embeddings ??
    config.max_position_embeddings
  );
}

/** llama.cpp scales YaRN's attention by 0.1·ln(factor) + 1, as the paper does (arXiv 2309.00071). */
function checkYarn(scaling: RopeEntry, factor: number, field: string, refuse: Refuse): void {
  const usual = factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
  const declared = scaling.attention_factor ?? usual;
  const scaled = Boolean(scaling.mscale) && Boolean(scaling.mscale_all_dim);
  if (Math.abs(declared - usual) > 1e-6 || (scaled && scaling.mscale !== scaling.mscale_all_dim))
    refuse(field, 'this YaRN attention factor is not what llama.cpp computes');
  if (scaling.truncate === false)
    refuse(`${field}.truncate`, 'YaRN without rounded limits is not what llama.cpp computes');
}

/** Llama 3.1's rule: long waves are slowed down by `factor`, short ones left, those between blended. */
function llama3Factors(rope: {
  theta: number;
  dimensions: number;
  factor: number;
  low: number;
  high: number;
  context: number;
}): Float32Array {
  const { theta, dimensions, factor, low, high, context } = rope;
  return Float32Array.from({ length: dimensions / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / dimensions);
    if (wavelength < context / high) return 1;
    if (wavelength > context / low) return factor;
    const blend = (context / wavelength - low) / (high - low);
    return 1 / ((1 - blend) / factor + blend);
  });
}

/** Phi-3's LongRoPE (arXiv 2402.13753): factors for short and for long contexts, and a larger attention. */
function longRope(
  config: ModelConfig,
  scaling: RopeEntry,
  dimensions: number,
  plain: GgufRope,
  refuse: Refuse,
): GgufRope {
  const { long_factor: long, short_factor: short } = scaling;
  if (long?.length !== dimensions / 2 || short?.length !== dimensions / 2)
    return refuse('rope_scaling', `RoPE scaling "longrope" needs ${dimensions / 2} long_factor and short_factor each`);
  const original = originalContext(config, scaling);
  const stretch = config.max_position_embeddings / original;
  const attention =
    scaling.attention_factor ?? (stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original)));
  return {
    ...plain,
    metadata: {
      ...plain.metadata,
      'phi3.rope.scaling.original_context_length': { u32: original },
      'phi3.rope.scaling.attn_factor': { f32: attention },
    },
    tensors: {
      'rope_factors_long.weight': Float32Array.from(long),
      'rope_factors_short.weight': Float32Array.from(short),
    },
    notes:
      stretch <= 1
        ? []
        : [
            `llama.cpp takes the long or the short rotary factors by the context length it is started with, the model by the length of the text; they agree when both are on the same side of ${original} tokens.`,
          ],
  };
}
