import { describe, expect, test } from 'vitest';
import { parseDecoderConfig, weightShapes } from './config.ts';

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

describe('parseDecoderConfig', () => {
  test("takes transformers' defaults for what is absent", () => {
    expect(parse({})).toMatchObject({
      keyValueHeads: 3,
      headDim: 4,
      ropeTheta: 10000,
      tiedHead: false,
      normEpsilon: 1e-6,
    });
  });

  test('reads the RoPE base from either place', () => {
    expect(parse({ rope_theta: 5e5 }).ropeTheta).toBe(5e5);
    expect(parse({ rope_parameters: { rope_type: 'default', rope_theta: 1e6 } }).ropeTheta).toBe(1e6);
  });

  test.each([
    [{ model_type: 'mamba' }, 'model_unsupported', 'model_type'],
    [{ hidden_act: 'gelu' }, 'model_unsupported', 'hidden_act'],
    [{ rope_scaling: { type: 'yarn', factor: 4 } }, 'model_unsupported', 'rope_scaling'],
    [{ rope_parameters: { rope_type: 'llama3' } }, 'model_unsupported', 'rope_parameters'],
    [{ num_key_value_heads: 2 }, 'model_invalid', 'num_key_value_heads'],
    [{ head_dim: 5 }, 'model_invalid', 'head_dim'],
    [{ vocab_size: 'many' }, 'model_invalid', 'vocab_size'],
  ])('refuses %o', (change, code, field) => {
    expect(() => parse(change)).toThrow(
      expect.objectContaining({ code, where: { path: '/model/config.json', field } }),
    );
  });
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
