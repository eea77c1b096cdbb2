/** Names and layout of a model's tensors in GGUF. */
import { StudioError } from '../../contract/errors.ts';
import type { ModelTensor } from '../model-source.ts';
import { BLOCK_VALUES, requireHalfRange } from '../number-formats.ts';
import type { Architecture } from './architectures.ts';
import type { GgufTensor, TensorType } from './gguf-file.ts';

const OUTER: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
};

const LAYER: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.qkv_proj': 'attn_qkv',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.gate_up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

/** Gemma 3 has norms on both sides of attention and feed-forward. */
const GEMMA_LAYER: Readonly<Record<string, string>> = {
  ...LAYER,
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};

/**
 * @param type of the matrices; rows that are no whole number of q8_0's blocks become f16, and vectors stay float32
 * @throws StudioError `model_unsupported` for a tensor that GGUF has no place for
 */
export function ggufTensors(
  tensors: readonly ModelTensor[],
  architecture: Architecture,
  type: Exclude<TensorType, 'f32'>,
): GgufTensor[] {
  const extra = Object.entries(architecture.extraTensors).map(([name, values]): GgufTensor => ({
    name,
    shape: [values.length],
    type: 'f32',
    values: async () => values,
  }));
  return [...extra, ...tensors.map((tensor) => ggufTensor(tensor, architecture, type))];
}

function ggufTensor(tensor: ModelTensor, architecture: Architecture, type: 'f16' | 'q8_0'): GgufTensor {
  const { name: source, shape } = tensor;
  const name = ggufName(source, architecture.name);
  const isMatrix = shape.length === 2;
  const stored = !isMatrix ? 'f32' : type === 'q8_0' && shape[1] % BLOCK_VALUES !== 0 ? 'f16' : type;
  const { heads, keyValueHeads } = architecture.shape;
  const rotated = /\.self_attn\.([qk])_proj\./.exec(source)?.[1];
  const values = async () => {
    let array = await tensor.read();
    if (architecture.normsPlusOne && source.endsWith('norm.weight')) array = array.map((value) => 1 + value);
    if (architecture.interleaved && rotated !== undefined)
      array = interleaveHalves(array, rotated === 'q' ? heads : keyValueHeads, shape);
    if (stored !== 'f32') requireHalfRange(source, array, 'this model cannot be exported as GGUF in f16 or q8_0');
    return array;
  };
  return { name, shape, type: stored, values };
}

function ggufName(source: string, architecture: string): string {
  const [, path, kind] = /^(.+)\.(weight|bias)$/.exec(source) ?? [];
  const [, layer, part] = /^model\.layers\.(\d+)\.(.+)$/.exec(path ?? '') ?? [];
  const inLayer = architecture === 'gemma3' ? GEMMA_LAYER : LAYER;
  const own = layer === undefined ? OUTER[path ?? ''] : inLayer[part];
  if (own === undefined)
    throw new StudioError('model_unsupported', `the tensor ${source} has no place in a GGUF file of ${architecture}`, {
      field: source,
    });
  return layer === undefined ? `${own}.${kind}` : `blk.${layer}.${own}.${kind}`;
}

/**
 * Rotary embedding turns pairs of a head's outputs: i and i + half in Hugging Face checkpoints, 2i and 2i + 1 in llama.cpp's
 * llama family. Puts the rows in that order.
 *
 * @param values [heads · headDim, I], or a bias [heads · headDim]
 */
export function interleaveHalves(
  values: Float32Array,
  heads: number,
  [rows, inputs = 1]: readonly number[],
): Float32Array {
  const headDim = rows / heads;
  const half = headDim / 2;
  const result = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < headDim; i++) {
      const from = head * headDim + i;
      const to = head * headDim + (i < half ? 2 * i : 2 * (i - half) + 1);
      result.set(values.subarray(from * inputs, (from + 1) * inputs), to * inputs);
    }
  }
  return result;
}
