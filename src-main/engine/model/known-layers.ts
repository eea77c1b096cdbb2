/** Which models the whole-layer kernels of the native backend compute. */
import type { RopeTable } from '../tensor/ops/rope.ts';
import type { Decoder } from './decoder.ts';

/** A layer's linear layers, in the order of `LayerLinear` in decoder_layer.h and `LayerMatrix` in decoder.h. */
export const LINEARS = [
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj',
];

/** Whether the layers are those of a Llama and nothing else: two norms, the matrices above with biases or without, one kind of RoPE over whole heads. */
export function hasKnownLayers(
  { config, weights }: Pick<Decoder, 'config' | 'weights'>,
  tables: readonly RopeTable[],
): boolean {
  const { headDim, attentionScale, embeddingScale, normOffset, activation, layerPlans } = config;
  if (activation !== 'silu' || normOffset !== 0 || embeddingScale !== 1) return false;
  if (attentionScale !== 1 / Math.sqrt(headDim) || tables.length !== 1) return false;
  const [places, half] = tables[0].cos.shape;
  if (2 * half !== headDim) return false;
  if (!layerPlans.every(({ window, rope }) => rope === 0 && (window === null || window >= places))) return false;
  const prefix = 'model.layers.0.';
  const names = new Set(
    Object.keys(weights).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
  );
  const needed = [
    'input_layernorm.weight',
    'post_attention_layernorm.weight',
    ...LINEARS.map((part) => `${part}.weight`),
  ];
  if (!needed.every((name) => names.delete(name))) return false;
  return [...names].every((name) => LINEARS.some((part) => name === `${part}.bias`));
}
