import { describe, expect, test } from 'vitest';
import { parseDecoderConfig, weightShapes } from './decoder-config.ts';

const llama = {
  model_type: 'llama',
  vocab_size: 10,
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 1,
  num_attention_heads: 3,
  max_position_embeddings: 64,
};
const parse = (change: object) => parseDecoderConfig({ ...llama, ...change }, '/model/config.json');

/** Sizes of a small model, to be put in the place of a real one's. */
const small = {
  vocab_size: 10,
  hidden_size: 32,
  intermediate_size: 20,
  num_attention_heads: 4,
  num_key_value_heads: 2,
};
const factors = (count: number) => Array.from({ length: count }, () => 1.5);

describe('parseDecoderConfig', () => {
  test("takes transformers' defaults for what is absent", () => {
    expect(parse({})).toMatchObject({
      family: 'llama',
      keyValueHeads: 3,
      headDim: 4,
      ropes: [{ theta: 10000, rotaryDim: 4, scaling: { type: 'default' } }],
      layerPlans: [{ window: null, rope: 0 }],
      tiedHead: false,
      normEpsilon: 1e-6,
    });
  });

  test('reads the RoPE base from either place', () => {
    expect(parse({ rope_theta: 5e5 }).ropes[0].theta).toBe(5e5);
    expect(parse({ rope_parameters: { rope_type: 'default', rope_theta: 1e6 } }).ropes[0].theta).toBe(1e6);
  });

  test('lets a sequence be as long as the scaling makes it', () => {
    expect(parse({ rope_scaling: { type: 'dynamic', factor: 2 } }).maxPositions).toBe(128);
    expect(
      parse({ rope_scaling: { type: 'yarn', factor: 4, original_max_position_embeddings: 64 } }).maxPositions,
    ).toBe(256);
    expect(parse({ rope_scaling: { type: 'linear', factor: 2 } }).maxPositions).toBe(64);
  });

  test.each([
    [{ model_type: 'mamba' }, 'model_unsupported', 'model_type'],
    [{ architectures: ['LlamaForTokenClassification'] }, 'model_unsupported', 'architectures'],
    [{ architectures: ['MistralForCausalLM'] }, 'model_unsupported', 'architectures'],
    [{ hidden_act: 'gelu' }, 'model_unsupported', 'hidden_act'],
    [{ rope_scaling: { type: 'mrope' } }, 'model_unsupported', 'rope_scaling'],
    [{ rope_scaling: { type: 'default', mrope_section: [1, 2] } }, 'model_unsupported', 'rope_scaling'],
    [{ rope_parameters: { rope_type: 'llama3' } }, 'model_invalid', 'rope_parameters'],
    [{ rope_scaling: { rope_type: 'linear', factor: 'two' } }, 'model_invalid', 'rope_scaling.factor'],
    [{ partial_rotary_factor: 0.5 }, 'model_unsupported', 'partial_rotary_factor'],
    [{ sliding_window: 8 }, 'model_unsupported', 'sliding_window'],
    [{ logit_scale: 0.5 }, 'model_unsupported', 'logit_scale'],
    [{ resid_pdrop: 0.1 }, 'model_unsupported', 'resid_pdrop'],
    [{ is_causal: false }, 'model_unsupported', 'is_causal'],
    [{ quantization_config: { bits: 4 } }, 'model_unsupported', 'quantization_config'],
    [{ num_key_value_heads: 2 }, 'model_invalid', 'num_key_value_heads'],
    [{ head_dim: 5 }, 'model_invalid', 'head_dim'],
    [{ vocab_size: 'many' }, 'model_invalid', 'vocab_size'],
    [{ model_type: 'qwen2', num_key_value_heads: 3, layer_types: [] }, 'model_invalid', 'layer_types'],
    [{ model_type: 'qwen2', num_key_value_heads: 3, layer_types: ['linear'] }, 'model_unsupported', 'layer_types'],
    [
      { model_type: 'qwen2', num_key_value_heads: 3, layer_types: ['sliding_attention'] },
      'model_invalid',
      'sliding_window',
    ],
    [{ model_type: 'phi3', rope_scaling: { type: 'linear', factor: 2 } }, 'model_unsupported', 'rope_scaling'],
    [{ model_type: 'phi3', rope_scaling: { type: 'su', short_factor: [1] } }, 'model_invalid', 'rope_scaling'],
    [
      { model_type: 'gemma3_text', num_key_value_heads: 3, final_logit_softcapping: 30 },
      'model_unsupported',
      'final_logit_softcapping',
    ],
    [
      { model_type: 'gemma3_text', num_key_value_heads: 3, use_bidirectional_attention: true },
      'model_unsupported',
      'use_bidirectional_attention',
    ],
  ])('refuses %o', (change, code, field) => {
    expect(() => parse(change)).toThrow(
      expect.objectContaining({ code, where: { path: '/model/config.json', field } }),
    );
  });
});

/** config.json as the families' makers publish it, but for the sizes, with what is to be read from it. */
describe('parseDecoderConfig reads the published form of', () => {
  const published: Record<string, [object, object]> = {
    'SmolLM2-135M': [
      {
        ...{ _name_or_path: 'x', architectures: ['LlamaForCausalLM'], attention_bias: false, attention_dropout: 0.0 },
        ...{ bos_token_id: 0, eos_token_id: 0, hidden_act: 'silu', initializer_range: 0.04, is_llama_config: true },
        ...{ max_position_embeddings: 8192, mlp_bias: false, model_type: 'llama', num_hidden_layers: 2 },
        ...{ pretraining_tp: 1, rms_norm_eps: 1e-5, rope_interleaved: false, rope_scaling: null, rope_theta: 100000 },
        ...{ tie_word_embeddings: true, torch_dtype: 'bfloat16', transformers_version: '4.40.1', use_cache: true },
        'transformers.js_config': { kv_cache_dtype: { q4f16: 'float16' } },
      },
      { tiedHead: true, normEpsilon: 1e-5, ropes: [{ theta: 100000, scaling: { type: 'default' } }] },
    ],
    'Llama-3.2-1B': [
      {
        ...{ architectures: ['LlamaForCausalLM'], attention_bias: false, bos_token_id: 128000, head_dim: 8 },
        ...{ eos_token_id: [128001, 128008, 128009], hidden_act: 'silu', initializer_range: 0.02, mlp_bias: false },
        ...{ max_position_embeddings: 131072, model_type: 'llama', num_hidden_layers: 2, pretraining_tp: 1 },
        rope_scaling: {
          ...{ factor: 32.0, high_freq_factor: 4.0, low_freq_factor: 1.0 },
          ...{ original_max_position_embeddings: 8192, rope_type: 'llama3' },
        },
        ...{ rope_theta: 500000.0, tie_word_embeddings: true, unsloth_fixed: true, rms_norm_eps: 1e-5 },
      },
      { ropes: [{ scaling: { type: 'llama3', factor: 32, originalPositions: 8192 } }] },
    ],
    'Qwen2.5-7B-Instruct with YaRN': [
      {
        ...{ architectures: ['Qwen2ForCausalLM'], attention_dropout: 0.0, bos_token_id: 151643, hidden_act: 'silu' },
        ...{ max_position_embeddings: 32768, max_window_layers: 28, model_type: 'qwen2', num_hidden_layers: 2 },
        ...{ rms_norm_eps: 1e-6, rope_theta: 1e6, sliding_window: 131072, use_sliding_window: false, use_mrope: false },
        rope_scaling: { factor: 4.0, original_max_position_embeddings: 32768, type: 'yarn' },
      },
      {
        queryKeyValueBias: true,
        outputBias: false,
        maxPositions: 131072,
        layerPlans: [{ window: null }, { window: null }],
      },
    ],
    'Qwen3-0.6B': [
      {
        ...{ architectures: ['Qwen3ForCausalLM'], attention_bias: false, head_dim: 128, max_window_layers: 28 },
        ...{ max_position_embeddings: 40960, model_type: 'qwen3', num_hidden_layers: 2, rope_theta: 1000000 },
        ...{ rope_scaling: null, sliding_window: null, use_sliding_window: false, tie_word_embeddings: true },
      },
      { headDim: 128, headNorms: true, queryKeyValueBias: false },
    ],
    'Mistral-7B-v0.1': [
      {
        ...{ architectures: ['MistralForCausalLM'], model_type: 'mistral', num_hidden_layers: 2, sliding_window: 4096 },
        ...{ max_position_embeddings: 32768, rms_norm_eps: 1e-5, rope_theta: 10000.0, tie_word_embeddings: false },
      },
      { layerPlans: [{ window: 4096 }, { window: 4096 }] },
    ],
    'SmolLM3-3B': [
      {
        ...{
          architectures: ['SmolLM3ForCausalLM'],
          attention_bias: false,
          layer_types: ['full_attention', 'full_attention'],
        },
        ...{ max_position_embeddings: 65536, max_window_layers: 28, model_type: 'smollm3', num_hidden_layers: 2 },
        ...{ no_rope_layer_interval: 4, no_rope_layers: [1, 0], pretraining_tp: 2, rope_theta: 5000000.0 },
        ...{ rope_scaling: null, sliding_window: null, use_sliding_window: false },
      },
      { tiedHead: true, layerPlans: [{ rope: 0 }, { rope: null }] },
    ],
    'Phi-3.5-mini-instruct': [
      {
        ...{
          architectures: ['Phi3ForCausalLM'],
          attention_bias: false,
          auto_map: { AutoConfig: 'x' },
          embd_pdrop: 0.0,
        },
        ...{ max_position_embeddings: 131072, model_type: 'phi3', num_hidden_layers: 2, resid_pdrop: 0.0 },
        ...{ original_max_position_embeddings: 4096, rope_theta: 10000.0, sliding_window: 262144 },
        rope_scaling: { long_factor: factors(4), short_factor: factors(4), type: 'longrope' },
      },
      {
        fusedProjections: true,
        ropes: [{ rotaryDim: 8, attentionFactor: Math.sqrt(1 + Math.log(32) / Math.log(4096)) }],
      },
    ],
    'Phi-4-mini-instruct': [
      {
        ...{ architectures: ['Phi3ForCausalLM'], attention_bias: false, full_attn_mod: 1, interpolate_factor: 1 },
        ...{ lm_head_bias: false, max_position_embeddings: 131072, mlp_bias: false, model_type: 'phi3' },
        ...{ num_hidden_layers: 2, original_max_position_embeddings: 4096, partial_rotary_factor: 0.75 },
        ...{ rope_theta: 10000.0, sliding_window: 262144, tie_word_embeddings: true },
        rope_scaling: { long_factor: factors(3), short_factor: factors(3), type: 'longrope' },
      },
      { tiedHead: true, ropes: [{ rotaryDim: 6, scaling: { type: 'longrope', originalPositions: 4096 } }] },
    ],
    'gemma-3-1b-it': [
      {
        ...{ architectures: ['Gemma3ForCausalLM'], attention_bias: false, attn_logit_softcapping: null },
        ...{ cache_implementation: 'hybrid', eos_token_id: [1, 106], final_logit_softcapping: null, head_dim: 256 },
        ...{ hidden_activation: 'gelu_pytorch_tanh', max_position_embeddings: 32768, model_type: 'gemma3_text' },
        ...{ num_hidden_layers: 6, pad_token_id: 0, query_pre_attn_scalar: 256, rope_local_base_freq: 10000 },
        ...{ rope_scaling: null, rope_theta: 1000000, sliding_window: 512, sliding_window_pattern: 6 },
      },
      {
        tiedHead: true,
        attentionScale: 1 / 16,
        ropes: [{ theta: 10000 }, { theta: 1000000 }],
        layerPlans: [...Array.from({ length: 5 }, () => ({ window: 512, rope: 0 })), { window: null, rope: 1 }],
      },
    ],
  };

  test.each(Object.entries(published))('%s', (_name, [file, expected]) => {
    expect(parseDecoderConfig({ ...file, ...small }, '/model/config.json')).toMatchObject(expected);
  });
});

test('a reward model has one label and a score in the place of the head', () => {
  const reward = { architectures: ['LlamaForSequenceClassification'], id2label: { 0: 'LABEL_0' } };
  expect(parse(reward).scoreHead).toBe(true);
  expect(weightShapes(parse(reward)).get('score.weight')).toEqual([1, 12]);
  expect(() => parse({ ...reward, id2label: { 0: 'a', 1: 'b' } })).toThrow('a classifier with 2 labels');
});

test('weightShapes lists the head only when it is not tied', () => {
  expect(weightShapes(parse({})).get('lm_head.weight')).toEqual([10, 12]);
  expect(weightShapes(parse({ tie_word_embeddings: true })).has('lm_head.weight')).toBe(false);
  expect(
    weightShapes(parse({ num_attention_heads: 6, num_key_value_heads: 2, head_dim: 4 })).get(
      'model.layers.0.self_attn.k_proj.weight',
    ),
  ).toEqual([8, 12]);
});
